"""Each fault is planted in the small definition set, which has none, and must be told at its line."""

import pytest
from definition_sets import SMALL, change, line_of, small_copy

from casemix_risk.errors import InputError
from casemix_risk.group.definitions import demonstration, read_definitions
from casemix_risk.group.lint import describe_clean, lint

# file, text, its replacement (no text: lines added at the end), file and beginning of the line at fault,
# a part of the sentence
PLANTED = {
    "unknown procedure feature": (
        *("rules.csv", "P-03,80,procedure,angioplasty,", "P-03,80,procedure,angioplasti,"),
        *("rules.csv", "P-03", "feature angioplasti, which no code of procedure.csv has"),
    ),
    "unknown feature among several": (
        *("rules.csv", "bypass valve bypass_machine", "bypass valve|valv bypass_machine"),
        *("rules.csv", "P-01", "any_procedure asks for the feature valv,"),
    ),
    "unknown forbidden feature": (
        *("rules.csv", "heart_transplant|dialysis", "heart_transplant|dialysys"),
        *("rules.csv", "G-03", "no_procedure asks for the feature dialysys,"),
    ),
    "unknown diagnosis feature": (
        *("diagnosis.csv", "R07,chest_pain,", "R07,chestpain,"),
        *("rules.csv", "D-04", "feature chest_pain, which no code of diagnosis.csv has"),
    ),
    "feature only of codes that cannot be dominant": (
        *("procedure.csv", "W88,2,", "W88,0,"),
        *("rules.csv", "P-07", "feature joint_look,"),
    ),
    "global rule without a global code": (
        *("procedure.csv", "K01,12,heart_transplant,global,", "K01,12,heart_transplant,,"),
        *("rules.csv", "G-01", "feature heart_transplant,"),
    ),
    "feature only of ignored codes": (
        *("diagnosis.csv", "R07,chest_pain,,", "R07,chest_pain,ignore,"),
        *("rules.csv", "D-04", "feature chest_pain,"),
    ),
    "unknown root": (
        *("rules.csv", ",,chest_pain,,D,", ",,chest_pains,,D,"),
        *("rules.csv", "D-04", "root chest_pains is neither a node"),
    ),
    "root that is no HRG": (
        *("rules.csv", ",,C02,cardiac,", ",,C09,cardiac,"),
        *("rules.csv", "P-04", "root C09 is neither a node"),
    ),
    "unknown cc list": (
        *("rules.csv", ",C02,cardiac,P", ",C02,cardiak,P"),
        *("rules.csv", "P-04", "no list cardiak"),
    ),
    "order repeated": (
        *("rules.csv", "P-04,90,", "P-04,80,"),
        *("rules.csv", "P-04", "80 does not come after 80"),
    ),
    "order goes down": (
        *("rules.csv", "P-04,90,", "P-04,15,"),
        *("rules.csv", "P-04", "15 does not come after 80"),
    ),
    "rule id repeated": (
        *("rules.csv", "P-04,90,", "P-03,90,"),
        *("rules.csv", "P-03,90", "P-03 stands in line"),
    ),
    "age range backwards": (
        *("rules.csv", "urinary|heart_failure,,,18,,", "urinary|heart_failure,,,18,17,"),
        *("rules.csv", "D-07", "age_from is above age_to"),
    ),
    "days range backwards": (
        *("rules.csv", ",2,30,", ",30,2,"),
        *("rules.csv", "D-07", "days_from is above days_to"),
    ),
    "age nobody has": (
        *("rules.csv", "broken_hip,,,60,,", "broken_hip,,,131,,"),
        *("rules.csv", "P-05", "No valid record has the range of age"),
    ),
    "rule that asks for what it forbids": (
        *("rules.csv", "joint_look,,,", "joint_look,,joint_look,"),
        *("rules.csv", "P-07", "asks for a dominant procedure that it forbids"),
    ),
    "rule behind an identical one": (
        *("rules.csv", "", "D-09,200,diagnosis,,,,chest_pain,,,,,,,,,,F01,,D,ours\n"),
        *("rules.csv", "D-09", "the rule D-04 in line 17 takes all"),
    ),
    "rule behind a weaker one": (
        *("rules.csv", "", "D-09,200,diagnosis,,,,ami,diabetes,,70,80,1,3,9,elective,1,F01,,D,ours\n"),
        *("rules.csv", "D-09", "the rule D-03 in line 16 takes all"),
    ),
    "rule whose codes all have an earlier rule's feature": (
        *("rules.csv", "", "D-09,200,diagnosis,,,,small_ami,,,,,,,,,,F01,,D,ours\n"),
        *("rules.csv", "D-09", "the rule D-03 in line 16 takes all"),
    ),
    "rule with one of an earlier rule's classes": (
        *("rules.csv", "", "P-08,200,procedure,joint_look,,,,,,,,,0,1,elective,2,F01,,P,ours\n"),
        *("rules.csv", "P-08", "the rule P-07 in line 13 takes all"),
    ),
    "rule that needs more regions than an earlier one": (
        *("rules.csv", "", "T-09,200,trauma,,,,injury,,regions>=3,,,,,,,,B02,,M,ours\n"),
        *("rules.csv", "T-09", "the rule T-02 in line 6 takes all"),
    ),
    "gap in a split": (
        *("split.csv", "ami,cc,0,2,", "ami,cc,0,1,"),
        *("split.csv", "ami,cc,3", "no row for cc 2 to 2"),
    ),
    "split that does not begin at 0": (
        *("split.csv", "chest_pain,days,0,1,", "chest_pain,days,1,1,"),
        *("split.csv", "chest_pain,days,1", "no row for days 0 to 0"),
    ),
    "root without a default": (
        *("split.csv", "chest_pain,days,2,9999,", "chest_pain,days,2,30,"),
        *("split.csv", "chest_pain,days,2", "no row for days 31 to 9999"),
    ),
    "overlap in a split": (
        *("split.csv", "ami,cc,0,2,", "ami,cc,0,4,"),
        *("split.csv", "ami,cc,3", "cc 3 to 4 stands in another row too"),
    ),
    "split range backwards": (
        *("split.csv", "ami,cc,0,2,", "ami,cc,2,0,"),
        *("split.csv", "ami,cc,2", "2 to 0 runs backwards"),
    ),
    "mixed dimensions": (
        *("split.csv", "chest_pain,days,2,9999,", "chest_pain,age,2,9999,"),
        *("split.csv", "chest_pain,age", "splits by days in line 8 and by age here"),
    ),
    "split that goes nowhere": (
        *("split.csv", "ami,cc,0,2,E02,", "ami,cc,0,2,E92,"),
        *("split.csv", "ami,cc,0", "E92 is neither a node"),
    ),
    "cycle": (
        *("split.csv", "pneumonia_young,cc,0,0,D34,", "pneumonia_young,cc,0,0,pneumonia,"),
        *("split.csv", "pneumonia,age,70", "pneumonia -> pneumonia_young -> pneumonia go round"),
    ),
    "node that leads to itself": (
        *("split.csv", "ami,cc,0,2,E02,", "ami,cc,0,2,ami,"),
        *("split.csv", "ami,cc,3", "ami -> ami go round"),
    ),
    "unreached node": (
        *("split.csv", "pneumonia,age,0,69,pneumonia_young,", "pneumonia,age,0,69,D34,"),
        *("split.csv", "pneumonia_young,cc,1", "no other node leads to the node pneumonia_young"),
    ),
    "split row that its path leaves out": (
        *("split.csv", "pneumonia_young,cc,1,9999,D33,", "pneumonia_young,age,70,9999,D33,"),
        *("split.csv", "pneumonia_young,age,70", "No record reaches age 70 to 9999"),
    ),
    "HRG that no path reaches": (
        *("hrg.csv", "", "Z01,Nothing leads here,Z,core,ours,ours\n"),
        *("hrg.csv", "Z01", "No path leads to the HRG Z01"),
    ),
    "HRG beyond an empty range": (
        *("rules.csv", "diagnosis,,,,chest_pain,,,,,,,,", "diagnosis,,,,chest_pain,,,,,,2,,"),
        *("hrg.csv", "E03", "No path leads to the HRG E03"),
    ),
    "unbundled HRG that nothing adds": (
        *("hrg.csv", "", "X09,Nothing adds it,X,unbundled,ours,ours\n"),
        *("hrg.csv", "X09", "Nothing leads to the HRG X09"),
    ),
    "error HRG without an error": (
        *("hrg.csv", "", "U09,No error,U,error,ours,ours\n"),
        *("hrg.csv", "U09", "Nothing leads to the HRG U09"),
    ),
    "HRG repeated": (
        *("hrg.csv", "", "F01,Again,F,core,ours,ours\n"),
        *("hrg.csv", "F01,Again", "F01 stands in line"),
    ),
    "diagnosis repeated": (
        *("diagnosis.csv", "", "I10,,,ours\n"),
        *("diagnosis.csv", "I10,,,ours", "I10 stands in line"),
    ),
    "procedure repeated": (
        *("procedure.csv", "", "K26,2,,,ours\n"),
        *("procedure.csv", "K26,2", "K26 stands in line"),
    ),
    "complication repeated": (
        *("cc_list.csv", "", "general,E11,2,ours\n"),
        *("cc_list.csv", "general,E11,2", "general E11 stands in line 2"),
    ),
    "complication that no diagnosis row covers": (
        *("cc_list.csv", "", "general,Q12,2,ours\n"),
        *("cc_list.csv", "general,Q12", "Q12 is not in diagnosis.csv"),
    ),
    "complication that is ignored": (
        *("cc_list.csv", "", "general,Z602,2,ours\n"),
        *("cc_list.csv", "general,Z602", "diagnosis.csv ignores Z60"),
    ),
    "exclusion of an unknown list": (
        *("cc_exclusion.csv", "cardiac,I509,I,", "cardiak,I509,I,"),
        *("cc_exclusion.csv", "cardiak", "no list cardiak"),
    ),
    "exclusion of no complication": (
        *("cc_exclusion.csv", "", "cardiac,N39,I21,ours\n"),
        *("cc_exclusion.csv", "cardiac,N39", "N39 is not in the list cardiac"),
    ),
    "exclusion repeated": (
        *("cc_exclusion.csv", "", "cardiac,I50,I21,again\n"),
        *("cc_exclusion.csv", "cardiac,I50,I21,again", "stands in line"),
    ),
    "exclusion with an unknown primary": (
        *("cc_exclusion.csv", "cardiac,I50,I21,", "cardiac,I50,Q21,"),
        *("cc_exclusion.csv", "cardiac,I50,Q21", "Q21 is not in diagnosis.csv"),
    ),
    "unbundled procedure unknown": (
        *("unbundled.csv", "", "Q55,X04,,ours\n"),
        *("unbundled.csv", "Q55", "Q55 is not in procedure.csv"),
    ),
    "unbundled HRG that is a core one": (
        *("unbundled.csv", "U212,X04,", "U212,A01,"),
        *("unbundled.csv", "U212", "A01 is no HRG of the kind unbundled"),
    ),
    "unbundled at most never": (
        *("unbundled.csv", "U212,X04,1,", "U212,X04,0,"),
        *("unbundled.csv", "U212", "most is 0"),
    ),
    "unknown error id": (
        *("errors.csv", "", "no_luck,U04,None,ours\n"),
        *("errors.csv", "no_luck", "no_luck is no error of the grouper"),
    ),
    "error HRG that is a core one": (
        *("errors.csv", "no_rule,U04,", "no_rule,F01,"),
        *("errors.csv", "no_rule", "F01 is no HRG of the kind error"),
    ),
}


def test_small_set_is_clean():
    definitions = read_definitions(SMALL)
    assert lint(definitions) == []
    counts, label, note = describe_clean(definitions)
    assert counts.startswith("clean: 19 rules, 30 HRGs, 22 diagnosis rows, 13 procedure rows, ")
    assert label == "Definition set small 1: demonstration definitions, not the national ones."
    assert note == (
        "note: no rule asks for the features cemented, chemotherapy_session, hip_arthrosis, scan, small_ami."
    )


def test_shipped_set_is_clean():
    definitions = read_definitions(demonstration())
    assert lint(definitions) == []
    assert describe_clean(definitions)[1].endswith(": demonstration definitions, not the national ones.")


@pytest.mark.parametrize(("file", "old", "new", "at", "beginning", "part"), PLANTED.values(), ids=PLANTED)
def test_planted_fault(tmp_path, file, old, new, at, beginning, part):
    folder = small_copy(tmp_path)
    change(folder, file, old, new)
    told = [
        fault
        for fault in lint(read_definitions(folder))
        if part in fault.sentence and (fault.file, fault.line) == (at, line_of(folder / at, beginning))
    ]
    assert len(told) == 1, lint(read_definitions(folder))


@pytest.mark.parametrize(
    "rule",
    {
        "other stage": "P-08,200,procedure,,,,chest_pain,,,,,,,,,,F01,,P,ours\n",
        "asks for more ages": "D-09,200,diagnosis,,,,urinary|heart_failure,,,17,,,2,30,,,F01,,D,ours\n",
        "asks for more days": "D-09,200,diagnosis,,,,urinary|heart_failure,,,18,,,2,31,,,F01,,D,ours\n",
        "either sex": "D-09,200,diagnosis,,,,copd|urinary,,,,,,,,,,F01,,D,ours\n",
        "any admission": "P-08,200,procedure,joint_look,,,,,,,,,,1,,1|2,F01,,P,ours\n",
        "another class": "P-08,200,procedure,joint_look,,,,,,,,,,1,elective,2|3,F01,,P,ours\n",
        "fewer regions": "T-03,200,trauma,,,,injury,,regions>=1,,,,,,,,B02,,M,ours\n",
        "forbids less": "G-04,200,global,,chemotherapy,dialysis,,,,,,,,,,,A03,,G,ours\n",
        "asks for less": "P-08,200,procedure,valve,bypass|angioplasty valve,,,,,,,,,,,,C04,,P,ours\n",
    }.items(),
    ids=lambda item: item[0],
)
def test_rule_with_records_of_its_own_is_reachable(tmp_path, rule):
    folder = small_copy(tmp_path)
    change(folder, "rules.csv", "", rule[1])
    assert lint(read_definitions(folder)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "part"),
    [
        ("diagnosis.csv", "I214,", "I21.4,", "without a dot"),
        ("diagnosis.csv", "I214,", "i214,", "capital letters"),
        ("procedure.csv", "W371,", "W371 ,", "capital letters"),
        ("procedure.csv", "K40,9,", "K40,13,", "from 0 to 12"),
        ("cc_list.csv", "general,E11,1,", "general,E11,6,", "from 1 to 5"),
        ("rules.csv", "D-04,160,diagnosis,", "D-04,160,diagnoses,", "one of global"),
    ],
)
def test_fault_of_form_is_told_when_the_set_is_read(tmp_path, file, old, new, part):
    folder = small_copy(tmp_path)
    line = line_of(folder / file, old)
    change(folder, file, old, new)
    with pytest.raises(InputError, match=rf"{file} line {line}: .*{part}"):
        read_definitions(folder)


def test_file_that_the_manifest_does_not_name(tmp_path):
    folder = small_copy(tmp_path)
    with (folder / "split.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(InputError, match=r"split.csv is not the file that manifest.yaml names"):
        read_definitions(folder)


def test_error_without_a_row(tmp_path):
    folder = small_copy(tmp_path)
    change(folder, "errors.csv", "bad_sex,U03,The sex is not 1 or 2,ours\n", "")
    with pytest.raises(InputError, match="errors table has no row for bad_sex"):
        read_definitions(folder)
