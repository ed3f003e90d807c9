// SPDX-License-Identifier: BSD-3-Clause
// The page: asks the API every two seconds, draws a view anew when its answer has changed. Nothing of
// traffic becomes markup: names go into text nodes, and into addresses only encoded.
"use strict";

const PERIOD_MS = 2000;
const main = document.getElementById("main");
const status = document.getElementById("status");
const login = document.getElementById("login");
let tags = {}, shown = "", timer = 0, asked = 0, before = null;

// Of the view that is asked for.
function here() {
	return location.hash || "#/verdicts";
}

function make(name, properties, ...children) {
	const {dataset, ...rest} = properties || {};
	const element = Object.assign(document.createElement(name), rest);
	Object.assign(element.dataset, dataset || {});
	element.append(...children.filter(child => child !== null && child !== undefined));
	return element;
}

// Answer of the API; null: the same as before. `always`: a status of 503 has a document as well.
async function ask(path, always) {
	const headers = {}, token = sessionStorage.getItem("token");
	if (token)
		headers.Authorization = `Bearer ${token}`;
	if (tags[path] && !always)
		headers["If-None-Match"] = tags[path];
	const response = await fetch(path, {headers, cache: "no-store"});
	if (response.status === 304)
		return null;
	if (response.status === 401) {
		document.getElementById("refused").textContent = token ? "That is not the token." : "";
		login.hidden = false;
		throw new Error("a token is needed");
	}
	if (!response.ok && !(always && response.status === 503))
		throw new Error((await response.json()).detail);
	login.hidden = true;
	const document_ = await response.json();
	tags[path] = response.headers.get("ETag");
	return document_;
}

function day(text) {
	return `${text.slice(0, 10)} ${text.slice(11, 19)}`;
}

function link(kind, id, text) {
	return make("a", {href: `#/${kind}/${encodeURIComponent(id)}`}, text || id);
}

function subscriberId(subscriber) {
	return subscriber.address + (subscriber.tap ? `,tap=${subscriber.tap}` : "") +
		(subscriber.vlan ? `,vlan=${subscriber.vlan}` : "") +
		(subscriber.vlan_inner ? `,inner=${subscriber.vlan_inner}` : "");
}

// columns: [title, class, cell of an item]
function table(caption, columns, items) {
	const head = make("tr", {}, ...columns.map(([title, kind]) => make("th", {scope: "col", className: kind}, title)));
	const rows = items.map(item => make("tr", {}, ...columns.map(([title, kind, cell]) =>
		make("td", {className: kind, dataset: {label: title}}, make("span", {}, cell(item))))));
	const element = make("table", {className: "cards"}, make("thead", {}, head), make("tbody", {}, ...rows));
	element.setAttribute("aria-label", caption);
	return element;
}

function verdictMark(verdict, score) {
	return make("span", {className: verdict}, `${verdict} ${score}`);
}

function what(record) {
	return record.domain ? link("domains", record.domain) : `server ${record.server}`;
}

function bytes(count) {
	return short(count) + (count < 1000 ? "\u00a0B" : "B");
}

function who(record) {
	const cell = make("span");
	record.subscribers.slice(0, 2).forEach((subscriber, i) => cell.append(i ? ", " : "",
		link("subscribers", subscriberId(subscriber), subscriber.address)));
	if (record.subscribers_total > 2)
		cell.append(` and ${record.subscribers_total - 2} more`);
	return cell;
}

function select(name, label, values, value) {
	const list = make("select", {name}, ...values.map(([id, text]) => make("option", {value: id}, text)));
	list.value = value || "";
	return make("label", {}, label, list);
}

function filterForm(view) {
	const form = make("form", {className: "filter"},
		select("decision", "Verdict", [["", "all"], ["tunnel", "tunnels"], ["suspect", "suspects"]], view.query.get("decision")),
		view.kind === "verdicts" ? select("state", "State", [["", "all"], ["open", "open"], ["update", "updated"], ["closed", "closed"]], view.query.get("state")) : null,
		make("label", {}, "Least score", make("input", {name: "min_score", type: "number", min: 0, max: 100, value: view.query.get("min_score") || ""})),
		view.kind !== "subscribers" ? make("label", {}, "Domain", make("input", {name: "domain", value: view.query.get("domain") || ""})) : null,
		view.kind !== "domains" ? make("label", {}, "Subscriber", make("input", {name: "subscriber", value: view.query.get("subscriber") || ""})) : null,
		make("button", {}, "Filter"));
	form.addEventListener("submit", event => {
		event.preventDefault();
		const query = new URLSearchParams();
		for (const [key, value] of new FormData(form))
			if (value)
				query.set(key, value);
		location.hash = `#/${view.kind}` + (String(query) && `?${query}`);
	});
	return form;
}

function pager(view, answer) {
	const query = new URLSearchParams(view.query);
	if (!answer.next)
		return null;
	query.set("after", answer.next);
	return make("p", {}, make("a", {href: `#/${view.kind}?${query}`}, "Earlier ones"));
}

const VERDICT_COLUMNS = [
	["Last record", "whole", item => link("verdicts", item.id, day(item.last))],
	["Verdict", "whole", item => verdictMark(item.record.verdict, `${item.record.score}${item.record.muted ? ", muted" : ""}`)],
	["Domain", "name", item => what(item.record)],
	["Tool", "", item => item.record.tool || "–"],
	["Subscribers", "name", item => who(item.record)],
	["Queries", "number", item => short(item.record.queries)],
	["Up / down", "", item => `${bytes(item.record.bytes_up)} / ${bytes(item.record.bytes_down)}`],
	["Why", "", item => [...new Set(item.words)].slice(0, 3).join(", ")],
	["State", "", item => item.record.state],
];

const SUBJECT_COLUMNS = kind => [
	[kind === "domains" ? "Domain" : "Subscriber", "name", item => link(kind, item.id)],
	["Verdict", "whole", item => verdictMark(item.verdict, item.score)],
	["Highest", "number", item => String(item.highest_score)],
	["Stories", "number", item => String(item.stories)],
	["Queries", "number", item => short(item.queries)],
	["Up / down", "", item => `${bytes(item.bytes_up)} / ${bytes(item.bytes_down)}`],
	["First", "whole", item => day(item.first)],
	["Last record", "whole", item => day(item.last)],
];

function list(view, answer) {
	const titles = {verdicts: "Verdicts", domains: "Domains", subscribers: "Subscribers"};
	const columns = view.kind === "verdicts" ? VERDICT_COLUMNS : SUBJECT_COLUMNS(view.kind);
	const form = main.querySelector("form.filter");
	const nothing = make("p", {}, answer.held === 0 ? "Nothing was found so far." : "Nothing fits this filter.");
	const result = make("div", {}, answer.items.length ? table(titles[view.kind], columns, answer.items) : nothing,
		pager(view, answer));
	// What somebody is typing stays.
	if (form && shown === here()) {
		form.nextElementSibling.replaceWith(result);
		return;
	}
	main.replaceChildren(make("h2", {}, titles[view.kind]), filterForm(view), result);
}

function facts(pairs) {
	return make("dl", {}, ...pairs.filter(([, value]) => value).flatMap(([key, value]) =>
		[make("dt", {}, key), make("dd", {}, value)]));
}

function story(item) {
	const record = item.record;
	const reasons = make("ul", {className: "words"}, ...record.reasons.map((reason, i) => make("li", {},
		`${item.words[i]}: ${reason.name} is ${reason.value === null ? "not finite" : short(reason.value)}, against ${reason.threshold === null ? "–" : short(reason.threshold)}`)));
	const names = make("ul", {className: "names"}, ...record.sample_qnames.map(name => make("li", {}, name)));
	return make("article", {},
		make("h3", {}, verdictMark(record.verdict, record.score), ` ${record.tool || ""} `, link("verdicts", item.id, `story ${item.id}`)),
		facts([["About", what(record)], ["Subscribers", who(record)], ["State", record.state],
			["Muted", record.muted && `until ${day(record.muted.until)} UTC: ${record.muted.reason}`],
			["Seen", `${day(record.window_start)} to ${day(record.window_end)} UTC`],
			["Queries, names", `${short(record.queries)}, ${short(record.unique_names)}`],
			["Carried", `about ${bytes(record.information_up)} up, ${bytes(record.information_down)} down`]]),
		make("h3", {}, "Why"), reasons,
		record.sample_qnames.length ? make("h3", {}, "Names that were asked for") : null,
		record.sample_qnames.length ? names : null);
}

function one(view, answer) {
	const titles = {verdicts: "Story", domains: "Domain", subscribers: "Subscriber"};
	const items = view.kind === "verdicts" ? [answer] : answer.items;
	main.replaceChildren(make("h2", {}, `${titles[view.kind]} ${answer.id}`),
		view.kind === "verdicts" ? null : facts([
			["Verdict", verdictMark(answer.verdict, answer.score)],
			["Seen", `${day(answer.first)} to ${day(answer.last)} UTC`], ["Stories", String(answer.stories)]]),
		historyPlots(answer.history, view.kind === "subscribers" ? "Names of its stories" : "Different names"),
		...items.map(story));
}

function health(view, answer, counters) {
	const states = {busy: "good", idle: "faint", stalled: "bad", ended: "faint"};
	const drops = Object.entries(counters.drops);
	const gap = before && counters.elapsed_s > before.elapsed_s ? counters.elapsed_s - before.elapsed_s : 0;
	const rate = gap ? (counters.packets.received - before.packets.received) / gap : counters.packets_per_second;
	const outcomes = Object.entries(counters.packets.outcomes).filter(([, value]) => value).sort((a, b) => b[1] - a[1]);
	const rows = (title, heads, entries) => [make("h3", {}, title), table(title,
		heads.map(([head, kind], i) => [head, kind, entry => entry[i]]), entries)];

	before = counters;
	main.replaceChildren(...[make("h2", {}, "Health"),
		make("p", {className: answer.status === "ok" ? "good" : "bad"}, answer.status === "ok" ? "All lcores get on." : answer.reasons.join("; ")),
		facts([["Packets", `${short(counters.packets.received)}, ${short(rate)} a second`],
			["Since the last scored slice", `${short(answer.window_lag_seconds)} s`],
			["Running for", `${short(counters.elapsed_s)} s`]]),
		...rows("Cores", [["Core", ""], ["State", ""], ["Silent", "number"]], answer.lcores.map(lcore =>
			[lcore.lcore, make("span", {className: states[lcore.state]}, lcore.state), `${short(lcore.silent_seconds)} s`])),
		...(counters.ports.length ? rows("Ports", [["Port", ""], ["Received", "number"], ["Missed", "number"], ["No buffer", "number"], ["Errors", "number"], ["Queues", ""]],
			counters.ports.map(port => [`${port.port}: ${port.device}`, short(port.received), short(port.missed), short(port.no_buffer), short(port.errors),
				port.queues.map(queue => `${queue.queue}: ${short(queue.packets)}`).join(", ")])) : []),
		...rows("Workers", [["Worker", ""], ["Packets", "number"], ["Lost before it", "number"]],
			counters.workers.map(worker => [String(worker.worker), short(worker.packets), short(worker.queue_full)])),
		...rows("Drops", [["Where", ""], ["Count", "number"]], drops.map(([name, value]) =>
			[name.replaceAll("_", " "), make("span", {className: value ? "bad" : "good"}, short(value))])),
		...rows("Where packets ended", [["Outcome", ""], ["Packets", "number"]], outcomes.map(([name, value]) => [name, short(value)]))]);
}

function viewOf(hash) {
	const [path, query] = hash.replace(/^#\//, "").split("?");
	const [kind, id] = path.split("/");
	return {kind: ["domains", "subscribers", "health"].includes(kind) ? kind : "verdicts",
		id: id ? decodeURIComponent(id) : "", query: new URLSearchParams(query || "")};
}

async function draw(view, isNew) {
	if (view.kind === "health") {
		const [answer, counters] = [await ask("healthz", true), await ask("api/v1/counters")];
		return () => health(view, answer, counters);
	}
	const path = `api/v1/${view.kind}` + (view.id ? `/${encodeURIComponent(view.id)}` : (String(view.query) && `?${view.query}`));
	if (isNew)
		delete tags[path];
	const answer = await ask(path);
	return answer ? () => (view.id ? one : list)(view, answer) : null;
}

async function turn() {
	const hash = here(), view = viewOf(hash), mine = ++asked, isNew = shown !== hash;
	clearTimeout(timer);
	for (const item of document.querySelectorAll("nav a"))
		if (item.hash === `#/${view.kind}`)
			item.setAttribute("aria-current", "page");
		else
			item.removeAttribute("aria-current");
	try {
		const step = await draw(view, isNew || shown === "");
		// Somebody went elsewhere meanwhile.
		if (mine !== asked)
			return;
		if (step) {
			const focused = document.activeElement && document.activeElement.hash;
			step();
			// Who goes through links by keyboard stays where he was.
			if (focused && document.activeElement === document.body)
				[...main.querySelectorAll("a")].find(item => item.hash === focused)?.focus();
		}
		if (isNew)
			scrollTo(0, 0);
		if (isNew && shown !== "")
			main.focus({preventScroll: true});
		shown = hash;
		const well = await ask("healthz", true);
		status.className = well.status === "ok" ? "" : "bad";
		status.textContent = well.status === "ok" ? `well; as of ${new Date().toISOString().slice(11, 19)} UTC` : well.reasons.join("; ");
	} catch (error) {
		if (mine !== asked)
			return;
		status.className = "bad";
		status.textContent = error instanceof TypeError ? "no answer: the program has ended, or is out of reach" : error.message;
		if (isNew)
			main.replaceChildren(make("p", {}, status.textContent));
	}
	timer = setTimeout(turn, PERIOD_MS);
}

login.addEventListener("submit", event => {
	event.preventDefault();
	sessionStorage.setItem("token", document.getElementById("token").value);
	tags = {};
	turn();
});
window.addEventListener("hashchange", turn);
turn();
