"""The chart and the small alphabet with which it is drawn."""

from __future__ import annotations

import pytest

RISING = [(0, 30.0), (50, 60.0), (100, 90.0)]
FLAT = [(0, 30.0), (50, 35.0), (100, 40.0)]


def colours(scripts, png):
    """How many pixels have each of the chart's colours."""
    canvas = scripts("canvas")
    data = canvas.shown(png)[2]
    wide = scripts("chart").WIDE
    values = b"".join(data[at + 1 : at + 1 + wide] for at in range(0, len(data), wide + 1))
    return [
        sum(values.count(bytes([number * canvas.STEPS + step])) for step in range(1, canvas.STEPS + 1))
        for number in range(len(scripts("chart").COLOURS))
    ]


def test_every_curve_has_a_colour_of_its_own(scripts):
    one = colours(scripts, scripts("chart").chart({"A": RISING}))
    two = colours(scripts, scripts("chart").chart({"A": RISING, "B": FLAT}))

    assert one[0] > 500
    assert one[1:3] == [0, 0]
    assert min(two[:2]) > 500
    assert two[2] == 0


def test_the_look_of_a_curve_follows_its_place_and_not_its_letter(scripts):
    chart = scripts("chart").chart

    assert colours(scripts, chart({"B": RISING}))[1] == 0
    assert chart({"A": RISING, "B": FLAT}) != chart({"A": FLAT, "B": RISING})


def test_curves_can_be_told_apart_without_colour(scripts):
    chart = scripts("chart")

    assert len(set(chart.DASHES)) == len(chart.DASHES) == len(set(chart.NAMES)) == 3


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        pytest.param({}, "1 to 3 curves, not 0", id="none"),
        pytest.param(dict.fromkeys("ABCD", RISING), "1 to 3 curves, not 4", id="too many"),
        pytest.param({"A": RISING, "B": FLAT[:2]}, "end at the same one", id="another end"),
        pytest.param({"A": RISING[1:]}, "begin at iteration 0", id="another beginning"),
    ],
)
def test_curves_that_do_not_fit_on_one_chart_are_refused(scripts, curves, message):
    with pytest.raises(ValueError, match=message):
        scripts("chart").chart(curves)


def test_a_value_of_a_hundred_lies_on_the_upper_edge_and_zero_on_the_axis(scripts):
    chart = scripts("chart")

    assert chart.place(0, 100, 50) == (chart.LEFT, chart.TOP)
    assert chart.place(50, 0, 50) == (chart.RIGHT, chart.BOTTOM)


def test_a_sign_that_is_not_in_the_alphabet_is_named(scripts):
    with pytest.raises(ValueError, match='"é" is not in the alphabet'):
        list(scripts("strokes").written("réel"))


def test_text_lies_around_its_point(scripts):
    canvas = scripts("canvas").Canvas(100, 60, [(0, 0, 0)])

    canvas.text("A", (50, 30), 0, size=21, thick=2)

    rows, columns = canvas.pixels.nonzero()
    assert (rows.min() + rows.max()) / 2 == pytest.approx(29.5, abs=1)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(49.5, abs=1)
    assert rows.max() - rows.min() == pytest.approx(23, abs=1.5)


def test_turned_text_runs_upwards(scripts):
    canvas = scripts("canvas").Canvas(60, 200, [(0, 0, 0)])

    canvas.text("Iteration", (30, 100), 0, size=14, thick=2, turned=True)

    rows, columns = canvas.pixels.nonzero()
    assert rows.max() - rows.min() > 3 * (columns.max() - columns.min())
    capital = columns[rows > rows.max() - 3]  # the I stands at the lower end, over its full height
    assert capital.max() - capital.min() == pytest.approx(16, abs=2)


def test_dashes_leave_gaps_and_keep_their_rhythm_across_corners(scripts):
    canvas = scripts("canvas").Canvas(120, 40, [(0, 0, 0)])

    canvas.dashes([(10, 20), (37, 20), (110, 20)], 0, 2, (10, 10))

    row = canvas.pixels[20] > 0
    starts = [x for x in range(1, 120) if row[x] and not row[x - 1]]
    assert starts == [9, 29, 49, 69, 89]


def test_what_was_wiped_is_white_again(scripts):
    canvas = scripts("canvas").Canvas(40, 40, [(0, 0, 0)])
    square = [(5, 5), (35, 5), (35, 35), (5, 35)]

    canvas.shape(square, 0)
    assert canvas.pixels[20, 20] > 0
    canvas.shape(square, None)

    assert not canvas.pixels.any()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda png: b"", id="empty"),
        pytest.param(lambda png: png[:-12], id="cut off"),
        pytest.param(lambda png: png.replace(b"PLTE", b"tEXt"), id="another chunk"),
        pytest.param(lambda png: png.replace(b"IDAT", b"IDAT\x00"), id="pixels that cannot be read"),
    ],
)
def test_a_file_that_is_no_such_picture_is_refused(scripts, damage):
    png = scripts("canvas").Canvas(8, 8, [(0, 0, 0)]).png()

    with pytest.raises(ValueError, match="PNG"):
        scripts("canvas").shown(damage(png))
