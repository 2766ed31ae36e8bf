import math
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.quality.histogram import bins
from voice_assets.reports import plots


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def test_a_histogram_has_a_bar_per_bin_as_high_as_its_count():
    drawing = parsed(plots.histogram(bins([0.2, 0.3, 0.4, 0.7, 1.6], 0.5), "s", {}))
    bars = drawing.findall("rect")
    heights = [float(bar.get("height", "")) for bar in bars]
    assert heights == pytest.approx([heights[0], heights[0] / 3, 0.0, heights[0] / 3], abs=0.02)
    assert bars[0][0].text == "0 to 0.5 s: 3 clips"


def test_markers_inside_are_drawn_and_others_are_not():
    drawing = plots.histogram(bins([1.0, 2.0], 0.5), "s", {"median <1>": 1.5, "limit": 15.0})
    texts = [one.text for one in parsed(drawing).iter("text")]
    assert "median <1>" in texts
    assert "limit" not in texts


def test_density_counts_every_point_and_names_its_rings():
    drawing = parsed(plots.density([1.0, 1.0, 9.0], [10.0, 10.0, 90.0], ("s", "chars"), [(1.0, 90.0, "clip <7>")]))
    cells = drawing.findall("rect")
    assert len(cells) == 2
    assert float(cells[0].get("fill-opacity", "")) > float(cells[1].get("fill-opacity", ""))
    assert [ring[0].text for ring in drawing.findall("circle")] == ["clip <7>"]


def test_curves_fall_where_the_values_fall():
    drawing = parsed(plots.lines({"train": [(0, 9.0), (1, 5.0)], "validation": [(0, 8.0), (1, 6.0)]}, ("epoch", "loss")))
    train, validation = [one.get("points", "").split() for one in drawing.findall("polyline")]
    heights = [float(point.split(",")[1]) for point in (*train, *validation)]
    assert heights[0] < heights[2] < heights[3] < heights[1]  # pixels count downwards


def test_a_logarithmic_axis_has_equal_distances_for_equal_ratios():
    drawing = parsed(plots.lines({"loss": [(0, 100.0), (1, 10.0), (2, 1.0)]}, ("epoch", "loss"), logarithmic=True))
    top, middle, bottom = [float(dot.get("cy", "")) for dot in drawing.findall("circle")]
    assert middle - top == pytest.approx(bottom - middle, abs=0.15)
    assert {"1", "10", "100"} <= {one.text for one in drawing.iter("text")}
    with pytest.raises(ValueError, match="lowest is 0"):
        plots.lines({"loss": [(0, 1.0), (1, 0.0)]}, ("epoch", "loss"), logarithmic=True)


def test_a_band_and_markers_are_where_they_belong():
    points = [(float(index), 5.0 - index % 2) for index in range(101)]
    band = plots.Band(50, 100, "level <from> 50")
    drawing = parsed(plots.lines({"loss": points}, ("epoch", "loss"), band=band, markers={"lowest: 25": 25.0}))
    dots = [float(dot.get("cx", "")) for dot in drawing.findall("circle")]
    (shade,) = drawing.findall("rect")
    left = float(shade.get("x", ""))
    assert (left, left + float(shade.get("width", ""))) == pytest.approx((dots[50], dots[100]), abs=0.2)
    assert shade[0].text == "level <from> 50"
    (line,) = [one for one in drawing.findall("line") if one.get("stroke-dasharray")]
    assert float(line.get("x1", "")) == pytest.approx(dots[25], abs=0.1)
    assert "lowest: 25" in {one.text for one in drawing.iter("text")}


def test_many_dots_do_not_hide_the_curve_and_keep_their_tooltips():
    few, many = (parsed(plots.lines({"v": [(float(n), 1.0) for n in range(count)]}, ("x", "y"))) for count in (60, 61))
    assert {dot.get("fill-opacity") for dot in few.findall("circle")} == {"1"}
    assert {dot.get("fill-opacity") for dot in many.findall("circle")} == {"0"}
    assert many.findall("circle")[60][0].text == "v: x 60, 1"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_not_finite_is_an_error(value):
    with pytest.raises(ValueError, match="finite"):
        plots.lines({"loss": [(0, 1.0), (1, value)]}, ("epoch", "loss"))


def test_too_many_curves_are_an_error_and_not_left_out():
    with pytest.raises(ValueError, match="3 curves"):
        plots.lines({name: [(0, 1.0)] for name in "abc"}, ("x", "y"))
    with pytest.raises(ValueError, match="finite"):
        plots.lines({}, ("x", "y"))


@given(st.lists(st.floats(-1000, 1000), min_size=1, max_size=50))
def test_any_values_give_a_drawing_inside_its_frame(values):
    drawing = parsed(plots.lines({"v": [(float(index), value) for index, value in enumerate(values)]}, ("x", "y")))
    for dot in drawing.findall("circle"):
        assert 0 <= float(dot.get("cx", "")) <= plots.WIDTH
        assert 0 <= float(dot.get("cy", "")) <= plots.HEIGHT


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_round_few_and_inside(low, width):
    axis = plots.Axis(low, low + width, 0, 100)
    ticks = axis.ticks()
    assert len(ticks) <= 7
    assert all(low - width * 1e-6 <= tick <= low + width * (1 + 1e-6) for tick in ticks)


def test_a_history_rises_where_the_values_rise_and_names_its_points():
    drawing = parsed(plots.history([0.9, 0.95, 0.92], ["mon", "tue <1>", "wed"], "mean", (0.0, 1.0)))
    points = drawing.findall("circle")
    heights = [float(point.get("cy", "")) for point in points]
    assert heights[1] < heights[2] < heights[0]
    assert [point[0].text for point in points] == ["mon: 0.9 mean", "tue <1>: 0.95 mean", "wed: 0.92 mean"]
    assert {"mon", "wed"} <= {one.text for one in drawing.iter("text")}


@pytest.mark.parametrize("values", [[0.0], [1.0], [0.5, 0.5], [1.0, 1.0, 1.0]])
def test_a_history_that_does_not_change_is_a_flat_line_inside(values):
    drawing = parsed(plots.history(values, [str(one) for one in range(len(values))], "mean", (0.0, 1.0)))
    heights = {float(point.get("cy", "")) for point in drawing.findall("circle")}
    assert len(heights) == 1
    assert all(0 < height < plots.HEIGHT for height in heights)


def test_a_history_with_nan_is_an_error():
    with pytest.raises(ValueError, match="finite"):
        plots.history([0.5, float("nan")], ["a", "b"], "mean", (0.0, 1.0))
