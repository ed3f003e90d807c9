// SPDX-License-Identifier: BSD-3-Clause
// Plots: a curve over time as SVG, with a table of the same for those who can't see it.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 420, HEIGHT = 170, LEFT = 52, RIGHT = 10, TOP = 10, BOTTOM = 24;

function svg(name, attributes, text) {
	const element = document.createElementNS(SVG, name);
	for (const [key, value] of Object.entries(attributes))
		element.setAttribute(key, value);
	if (text !== undefined)
		element.textContent = text;
	return element;
}

// The next 1, 2 or 5 times a power of ten.
function roundUp(value) {
	if (!(value > 0))
		return 1;
	const power = 10 ** Math.floor(Math.log10(value));
	return [1, 2, 5, 10].map(step => step * power).find(step => step >= value * 0.999999);
}

function short(value) {
	for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]])
		if (Math.abs(value) >= size)
			return `${Number((value / size).toPrecision(3))}\u00a0${unit}`;
	return String(Number(value.toPrecision(3)));
}

function clock(ms) {
	return new Date(ms).toISOString().slice(11, 19);
}

// points: [[ms, value], …] in order of time; top: of the scale, where it is fixed.
function plot(title, unit, points, top) {
	const figure = document.createElement("figure");
	const caption = document.createElement("figcaption");
	const last = points.length ? points[points.length - 1][1] : 0;
	const high = top || roundUp(Math.max(...points.map(point => point[1]), 0));
	const from = points.length ? points[0][0] : 0;
	const until = points.length > 1 ? points[points.length - 1][0] : from + 1000;
	const x = ms => LEFT + (WIDTH - LEFT - RIGHT) * (ms - from) / (until - from || 1);
	const y = value => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / high;
	const most = points.reduce((value, point) => Math.max(value, point[1]), 0);
	const drawing = svg("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label":
		`${title}: ${points.length} points from ${clock(from)} to ${clock(until)} UTC, ` +
		`at most ${short(most)} ${unit}, last ${short(last)} ${unit}`});

	for (const part of [0, 0.5, 1]) {
		drawing.append(svg("line", {class: "grid", x1: LEFT, x2: WIDTH - RIGHT,
			y1: y(part * high), y2: y(part * high)}));
		drawing.append(svg("text", {x: LEFT - 6, y: y(part * high) + 4, "text-anchor": "end"},
			short(part * high)));
	}
	drawing.append(svg("text", {x: LEFT, y: HEIGHT - 6}, clock(from)));
	drawing.append(svg("text", {x: WIDTH - RIGHT, y: HEIGHT - 6, "text-anchor": "end"}, clock(until)));
	if (points.length > 1)
		drawing.append(svg("polyline", {class: "curve",
			points: points.map(([ms, value]) => `${x(ms).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}));
	for (const [ms, value] of points.length > 40 ? points.slice(-1) : points)
		drawing.append(svg("circle", {class: "dot", cx: x(ms).toFixed(1), cy: y(value).toFixed(1), r: 3}));
	const name = document.createElement("strong"), now = document.createElement("span");
	name.textContent = `${title} (${unit})`;
	now.textContent = short(last);
	caption.append(name, now);
	figure.append(caption, drawing);
	return figure;
}

// What grew between two points, by second; the first one has nothing before it.
function rates(history, key) {
	const points = [];
	for (let i = 1; i < history.length; i++) {
		const ms = Date.parse(history[i].time), before = Date.parse(history[i - 1].time);
		if (ms > before)
			points.push([ms, (history[i][key] - history[i - 1][key]) * 1000 / (ms - before)]);
	}
	return points;
}

function totals(history, of) {
	return history.map(point => [Date.parse(point.time), of(point)]);
}

function historyPlots(history, namesTitle) {
	const plots = document.createElement("div");
	plots.className = "plots";
	plots.append(
		plot("Queries", "a second", rates(history, "queries")),
		plot(namesTitle, "names", totals(history, point => point.unique_names)),
		plot("Bytes of DNS, up and down", "bytes", totals(history, point => point.bytes_up + point.bytes_down)),
		plot("Score", "points", totals(history, point => point.score), 100));
	return plots;
}
