"""The demonstration's catalogue: complete, well formed, and honest about which names are published."""

from casemix_risk.synthetic.catalogue import CHAPTERS, catalogue, catalogue_lines

TABLE1 = set(
    "E01 J17 R07 J23 J24 J20 D01 E02 T15 E03 C60 G01 T17 T13 T06 T08 T04 Q15 T05 T02 T01 T03".split()  # noqa: SIM905
)


def test_six_hundred_codes_of_the_hrg_v35_form():
    codes = catalogue()["hrg"]
    assert len(codes) == 600
    assert codes.is_unique
    assert codes.is_monotonic_increasing
    assert codes.str.fullmatch("[A-HJ-NP-T][0-9]{2}").all()
    assert set(codes.str[0]) == set(CHAPTERS)
    assert (catalogue()["chapter"] == codes.str[0]).all()


def test_every_hrg_the_paper_names_is_there():
    named = TABLE1 | {"D33", "D34", "H04", "H70", "H80", "H81", "H82", "S16", "S22", "N12", "L01"}
    assert named <= set(catalogue()["hrg"])


def test_only_names_the_paper_prints_are_marked_published():
    table = catalogue()
    assert set(table["description_source"]) == {"published", "synthetic"}
    assert set(table.loc[table["description_source"] == "published", "hrg"]) == TABLE1


def test_names_are_unique_and_not_empty():
    names = catalogue()["description"]
    assert names.is_unique
    assert (names.str.strip() == names).all()
    assert (names.str.len() > 3).all()


def test_forty_eight_hrgs_lack_a_national_price():
    table = catalogue().set_index("hrg")
    unpriced = table.index[~table["has_national_price"]]
    assert len(unpriced) == 48
    assert set(table.index[table["chapter"] == "T"]) <= set(unpriced)
    assert {"E01", "E02", "D01", "G01", "J17", "J20", "J23", "J24"} <= set(unpriced)


def test_lines_are_the_catalogue_twice():
    lines = catalogue_lines()
    assert len(lines) == 1_200
    assert not lines.duplicated(["hrg", "admission_type"]).any()
    assert set(lines["admission_type"]) == {"elective", "emergency"}
    assert lines.sort_values(["hrg", "admission_type"]).index.is_monotonic_increasing
    first = catalogue().iloc[0]
    assert lines.loc[0, "prior_price_gbp"] == first["prior_price_elective_gbp"]
    assert lines.loc[1, "prior_admissions"] == first["prior_admissions_emergency"]


def test_sixty_lines_of_repeated_admission_with_dialysis_highest():
    lines = catalogue_lines()
    repeated = lines[lines["variance_factor"] != 1]
    assert len(repeated) == 60
    assert repeated["variance_factor"].between(1.5, 25).all()
    highest = repeated.loc[repeated["variance_factor"].idxmax()]
    assert "Dialysis" in highest["description"]
