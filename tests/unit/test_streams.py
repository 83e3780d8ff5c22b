from casemix_risk.streams import stream


def test_a_stream_belongs_to_its_name():
    first = stream(1, "simulate", 10_000, "H04").random(5)
    stream(1, "another").random(100)
    assert (stream(1, "simulate", 10_000, "H04").random(5) == first).all()


def test_names_order_and_seed_all_count():
    draws = {
        stream(*name).random()
        for name in [(1, "a", "b"), (1, "b", "a"), (1, "ab"), (1, "a", "b", ""), (2, "a", "b")]
    }
    assert len(draws) == 5
