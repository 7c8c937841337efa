//! A series over time as an SVG picture: bars while there are few, a line over an area when there are many.

use super::escape;
use crate::report::{Cell, Table, Unit, show};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 26.0;
/// More moments than this are a line.
const MOST_BARS: usize = 62;
/// Room that a label below takes.
const LABEL: f64 = 74.0;

/// Draws one column of a table over its first.
pub fn series(page: &mut String, table: &Table, column: usize) {
    let Some(drawn) = table.columns.get(column) else { return };
    let values: Vec<f64> =
        table.rows.iter().map(|row| row.get(column).and_then(Cell::as_number).unwrap_or_default()).collect();
    let labels: Vec<String> =
        table.rows.iter().map(|row| row.first().map_or_else(String::new, |cell| cell.show(Unit::Text))).collect();
    let scale = Scale::of(&values);
    let title = format!("{}, {}", drawn.title, table.title.to_lowercase());
    page.push_str(&format!(
        "<figure class=\"chart {}\">\n<figcaption>{}</figcaption>\n\
         <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\n",
        mark(&drawn.id, column),
        escape(&drawn.title),
        escape(&title)
    ));
    for step in &scale.steps {
        let y = scale.y(*step);
        page.push_str(&format!(
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"axis\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
            WIDTH - RIGHT,
            LEFT - 8.0,
            y + 3.5,
            escape(&show(*step, drawn.unit))
        ));
    }
    if values.len() <= MOST_BARS {
        bars(page, &values, &labels, &scale, drawn.unit);
    } else {
        line(page, &values, &scale);
    }
    below(page, &labels);
    page.push_str("</svg>\n</figure>\n");
}

/// What colour a column has: failures are always those of failures.
fn mark(id: &str, column: usize) -> &'static str {
    match (id, column) {
        ("failed", _) => "bad",
        (_, 0 | 1) => "c0",
        (_, 2) => "c1",
        _ => "c2",
    }
}

/// From nought to a round number above all values.
struct Scale {
    top: f64,
    steps: Vec<f64>,
}

impl Scale {
    fn of(values: &[f64]) -> Self {
        let largest = values.iter().copied().fold(0.0, f64::max);
        let rough = if largest > 0.0 { largest / 3.0 } else { 1.0 / 3.0 };
        let power = 10_f64.powf(rough.log10().floor());
        let round = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|factor| factor * power);
        let step = round.into_iter().find(|step| *step >= rough).unwrap_or(rough);
        // Things are counted whole.
        let step =
            if (1.0..=3.0).contains(&largest) && values.iter().all(|value| value.fract() == 0.0) { 1.0 } else { step };
        let count = (largest / step).ceil().clamp(1.0, 5.0);
        let steps = (0_u8..=5).map(f64::from).take_while(|step| *step <= count).map(|number| number * step);
        Self { top: count * step, steps: steps.collect() }
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - (value / self.top).clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
    }
}

/// Where the moments stand: each has as much room.
fn slot(count: usize) -> f64 {
    (WIDTH - LEFT - RIGHT) / count.max(1) as f64
}

fn bars(page: &mut String, values: &[f64], labels: &[String], scale: &Scale, unit: Unit) {
    let slot = slot(values.len());
    let width = (slot * 0.72).min(46.0);
    for (place, (value, label)) in values.iter().zip(labels).enumerate() {
        let x = LEFT + slot * (place as f64 + 0.5) - width / 2.0;
        let y = scale.y(*value);
        let height = HEIGHT - BOTTOM - y;
        page.push_str(&format!(
            "<g><title>{}: {}</title><rect class=\"hit\" x=\"{:.1}\" y=\"{TOP}\" width=\"{slot:.1}\" height=\"{:.1}\"/>\
             <rect class=\"bar\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{:.1}\"/></g>\n",
            escape(label),
            escape(&show(*value, unit)),
            LEFT + slot * place as f64,
            HEIGHT - TOP - BOTTOM,
            (width / 6.0).min(3.0).min(height / 2.0),
        ));
    }
}

fn line(page: &mut String, values: &[f64], scale: &Scale) {
    let slot = slot(values.len());
    let x = |place: usize| LEFT + slot * (place as f64 + 0.5);
    let points = values.iter().enumerate().map(|(place, value)| format!("{:.1} {:.1}", x(place), scale.y(*value)));
    let path = points.collect::<Vec<_>>().join(" L");
    let base = HEIGHT - BOTTOM;
    page.push_str(&format!(
        "<path class=\"area\" d=\"M{:.1} {base} L{path} L{:.1} {base} Z\"/>\n<path class=\"line\" d=\"M{path}\"/>\n",
        x(0),
        x(values.len().saturating_sub(1))
    ));
}

/// As many labels as there is room for, evenly spread.
fn below(page: &mut String, labels: &[String]) {
    let slot = slot(labels.len());
    let every = (LABEL / slot).ceil().max(1.0) as usize;
    let years: Vec<&str> = labels.iter().map(|label| label.get(..5).unwrap_or_default()).collect();
    // Where all are of one year, it need not be said each time.
    let is_one_year = years.windows(2).all(|pair| pair.first() == pair.last())
        && years.first().is_some_and(|year| year.ends_with('-'));
    let mut last = f64::NEG_INFINITY;
    for (place, label) in labels.iter().enumerate().step_by(every) {
        // The outermost ones stay within the picture, and none stands on another.
        let x = (LEFT + slot * (place as f64 + 0.5)).clamp(LEFT + 4.0, WIDTH - RIGHT - 30.0);
        if x - last < LABEL.min(slot * every as f64) * 0.9 {
            continue;
        }
        last = x;
        let short = if is_one_year { label.get(5..).unwrap_or(label) } else { label };
        // The offset of an hour is in the table.
        let short = short.get(..11).unwrap_or(short).replace('T', " ");
        page.push_str(&format!(
            "<text class=\"axis\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
            HEIGHT - 8.0,
            escape(&short)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_round_and_reaches_over_everything() {
        for largest in [0.0, 0.3, 1.0, 2.0, 3.0, 7.0, 99.0, 100.0, 1_234.0, 98_765.0, 0.000_4] {
            let scale = Scale::of(&[0.0, largest]);
            assert!(scale.top >= largest && scale.top > 0.0, "{largest}: {}", scale.top);
            assert!((2..=6).contains(&scale.steps.len()), "{largest}: {:?}", scale.steps);
            assert!(scale.y(largest) >= TOP - 0.001 && scale.y(0.0) <= HEIGHT, "{largest}");
        }
        assert_eq!(Scale::of(&[2.0]).steps, [0.0, 1.0, 2.0]);
        assert_eq!(Scale::of(&[98.0]).steps, [0.0, 50.0, 100.0]);
    }
}
