// The plant map on Leaflet. Told what to show by the program over the web channel, tells back what the hand did.
// All state is the program's: this page may die at any moment and is then told everything again.
"use strict";

const ankan = (() => {
  const GROUND = ["site", "area", "road", "path"], ABOVE = ["building", "tank", "equipment", "line", "fence"];
  const PANES = {ground: 210, zones: 220, plan: 230, words: 240, sectors: 250, edges: 260, plates: 560, chips: 600, tools: 650};
  const AFTER_MS = 400, CLICK_PX = 5, SAME_PX = 4, FIT_MARGIN = 14, STEP = 1.35, LEAST = 1 / 16, MOST = 64, SPREAD = 60;
  const PAN = {ArrowLeft: [-80, 0], ArrowRight: [80, 0], ArrowUp: [0, -80], ArrowDown: [0, 80]};
  const SCALES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000], WIDEST = 130;
  const shapes = new Map(), paints = new Map(), markers = new Map(), zones = new Map(), chips = new Map(), plates = new Map();
  const icons = {}, renderers = {}, planLayers = [];
  let map, bridge, say = {}, sizes = {}, extent = [0, 0, 100, 100], texts = [], hidden = new Set(), selected = "";
  let tool = {kind: "", code: "", layers: []}, fitted = true, sectors = null, due = false, serial = 0, wordNodes = [], draft = [], draftLayer = null;
  let handles = [], hover = "", quiet = false, finished = -1e6, written = null;
  const measure = document.createElement("canvas").getContext("2d"), widths = new Map();

  const at = ([x, y]) => L.latLng(y, x);
  const pick = (zh, en) => (say.language === "en" ? en || zh : zh || en);
  const scale = () => map.getZoomScale(map.getZoom(), 0);
  const make = (tag, className, parent, text) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    if (parent) parent.appendChild(node);
    return node;
  };
  const shown = (layer) => !hidden.has(layer);

  function width(text, bold, size) {
    const key = `${bold ? 1 : 0}${size}${text}`;
    if (!widths.has(key)) {
      measure.font = `${bold ? 700 : 400} ${size}px Ankan, sans-serif`;
      widths.set(key, measure.measureText(text).width);
    }
    return widths.get(key);
  }

  // -- start ----------------------------------------------------------------------------------------------------

  function start(made) {
    map = made;
    map.setMinZoom(Math.log2(LEAST)).setMaxZoom(Math.log2(MOST));
    for (const [name, z] of Object.entries(PANES)) {
      map.createPane(name).style.zIndex = z;
      if (!["words", "plates", "chips", "tools"].includes(name)) renderers[name] = L.svg({pane: name, padding: 0.4}).addTo(map);
      if (!["edges", "chips", "tools"].includes(name)) map.getPane(name).style.pointerEvents = "none";
    }
    // nothing is measured before the fonts are there, so nothing is arranged twice
    written = Promise.all(["12px Ankan", "700 12px Ankan"].map((font) => document.fonts.load(font, "安"))).catch(() => 0);
    corner();
    map.on("zoomend viewreset moveend", () => { schedule(); tellView(); });
    map.on("click", (e) => pressed(e, () => bridge.background(e.latlng.lng, e.latlng.lat)));
    map.on("dblclick", (e) => { if (!tool.kind) zoom(STEP, e.containerPoint); });
    map.on("mousemove", (e) => { if (tool.kind === "polygon") drawDraft(e.latlng); });
    map.on("dragstart", () => { fitted = false; });
    const box = map.getContainer();
    document.addEventListener("keydown", key, true);
    box.tabIndex = 0;
    box.addEventListener("wheel", (e) => {
      e.preventDefault();
      zoom(Math.pow(STEP, -e.deltaY / 120), L.point(e.clientX, e.clientY));
    }, {passive: false});
    new ResizeObserver(() => {
      map.invalidateSize({animate: false, pan: false});
      if (fitted) fit(); else tellView();
    }).observe(box);
    window.addEventListener("error", (e) => bridge && bridge.complain(String(e.message)));
    new QWebChannel(qt.webChannelTransport, (channel) => {
      bridge = channel.objects.bridge;
      bridge.told.connect(hear);
      bridge.hello();
    });
  }

  function corner() {
    const box = map.getContainer(), buttons = make("div", "buttons", box);
    for (const name of ["zoom_in", "zoom_out", "fit"]) {
      const button = make("button", "button", buttons);
      button.id = name;
      button.onclick = () => (name === "fit" ? (fitted = true, fit()) : zoom(name === "zoom_in" ? STEP : 1 / STEP));
    }
    L.DomEvent.disableClickPropagation(buttons);
    const bar = make("div", "scale", box);
    make("span", "", bar);
    make("div", "", bar);
    const north = make("div", "north", box);
    make("span", "", north);
    north.insertAdjacentHTML("beforeend", '<svg viewBox="0 0 12 15"><path d="M6 0 1 14l5-3z" fill="currentColor"/><path d="M6 0l5 14-5-3z" fill="none" stroke="currentColor" stroke-width="1.2"/></svg>');
    make("div", "hint", box);
  }

  // -- what the program tells -----------------------------------------------------------------------------------

  const HEAR = {look, plan, shapes: setShapes, paint, put, drop, layer, select, tool: takeTool, fit: () => { fitted = true; fit(); }, eye};

  function hear(text) {
    const message = JSON.parse(text);
    for (const op of message.ops) HEAR[op.what](op);
    serial = Math.max(serial, message.serial);
    const mine = serial;
    written.then(() => {
      if (due) arrangeAll();
      requestAnimationFrame(() => {
        if (due) arrangeAll();
        const after = new MessageChannel(); // its message comes once this frame has been painted
        after.port1.onmessage = () => bridge.settled(mine);
        after.port2.postMessage(0);
      });
    });
  }

  function schedule() {
    if (due) return;
    due = true;
    written.then(() => requestAnimationFrame(() => { if (due) arrangeAll(); }));
  }

  function look(op) {
    for (const [name, value] of Object.entries(op.tokens)) document.documentElement.style.setProperty("--" + name, value);
    for (const [name, value] of Object.entries(op.sizes)) document.documentElement.style.setProperty("--" + name, value + "px");
    say = op.words;
    sizes = op.sizes;
    Object.assign(icons, op.icons);
    document.documentElement.lang = say.language;
    document.documentElement.dataset.theme = op.theme;
    const box = map.getContainer();
    box.setAttribute("aria-label", say.map);
    for (const [name, icon] of [["zoom_in", "plus"], ["zoom_out", "minus"], ["fit", "reset"]]) {
      const button = document.getElementById(name);
      button.title = say[name];
      button.setAttribute("aria-label", say[name]);
      button.innerHTML = icons[icon];
    }
    box.querySelector(".north span").textContent = say.north;
    hint();
    forget(chips);
    forget(plates);
    if (tool.kind === "zone") drawHandles();
    schedule();
  }

  const forget = (nodes) => { for (const node of nodes.values()) node.remove(); nodes.clear(); };

  function plan(op) {
    for (const old of planLayers.splice(0)) old.remove();
    extent = op.extent;
    texts = op.texts;
    if (op.picture) planLayers.push(L.imageOverlay(op.picture, [[extent[1], extent[0]], [extent[3], extent[2]]], {pane: "ground"}).addTo(map));
    for (const [pane, classes] of [["ground", GROUND], ["plan", ABOVE]])
      for (const name of classes) {
        const base = {pane, renderer: renderers[pane], interactive: false, className: "plan " + name, noClip: true, smoothFactor: 0.03};
        if (op.rings[name]) planLayers.push(L.polygon(op.rings[name].map((ring) => [ring.map(at)]), base).addTo(map));
        if (op.lines[name]) planLayers.push(L.polyline(op.lines[name].map((line) => line.map(at)), {...base, fill: false}).addTo(map));
      }
    if (op.fit) { fitted = true; fit(); }
    schedule();
  }

  function setShapes(op) {
    for (const zone of zones.values()) [zone.fill, zone.edge, zone.rim].forEach((layer) => layer.remove());
    zones.clear();
    shapes.clear();
    for (const shape of op.shapes) {
      const ring = shape.polygon.map(at);
      const flat = {interactive: false, noClip: true, smoothFactor: 0};
      const zone = {
        fill: L.polygon(ring, {...flat, pane: "zones", renderer: renderers.zones, className: "zone"}).addTo(map),
        rim: L.polygon(ring, {...flat, pane: "edges", renderer: renderers.edges, className: "rim"}).addTo(map),
        edge: L.polygon(ring, {...flat, pane: "edges", renderer: renderers.edges, className: "edge", interactive: true}).addTo(map),
      };
      const code = shape.code, node = zone.edge.getElement();
      node.setAttribute("tabindex", "0");
      node.setAttribute("role", "button");
      node.dataset.code = code;
      zone.edge.on("click", (e) => { L.DomEvent.stopPropagation(e); pressed(e, () => bridge.zone(code)); });
      zone.edge.on("mouseover", () => over(code));
      zone.edge.on("mouseout", () => over(""));
      zones.set(code, zone);
      shapes.set(code, shape);
      dress(code);
    }
    reveal();
    if (op.fit) { fitted = true; extent = op.extent; fit(); }
    if (tool.kind === "zone") { if (shapes.has(tool.code)) drawHandles(); }
    schedule();
  }

  function paint(op) {
    for (const one of op.paints) {
      const before = shapes.has(one.code) ? caption(one.code) : "";
      paints.set(one.code, one);
      if (!zones.has(one.code)) continue;
      dress(one.code);
      const plate = plates.get(one.code), now = caption(one.code), more = plate && plate.querySelector("span");
      if (now !== before && (!more || Math.abs(width(now, false, sizes.font) - width(before, false, sizes.font)) > 1)) { schedule(); continue; }
      if (plate) {
        plate.querySelector("i").className = one.grade;
        if (more) more.textContent = now;
        plate.dataset.mark = "";
      }
    }
  }

  const painted = (code) => paints.get(code) || {grade: "blue", stale: true, caption: "", caption_en: ""};

  function dress(code) {
    const {fill, edge, rim} = zones.get(code), p = painted(code), chosen = p.selected || selected === code;
    fill.getElement().setAttribute("class", `zone ${p.grade}${p.stale ? " stale" : ""}`);
    const marks = (p.alarm ? " alarm" : "") + (chosen ? " selected" : "") + (p.stale ? " stale" : "");
    edge.getElement().setAttribute("class", "edge leaflet-interactive" + marks);
    rim.getElement().setAttribute("class", "rim" + marks);
    const shape = shapes.get(code);
    edge.getElement().setAttribute("aria-label", `${pick(shape.name, shape.name_en)} ${pick(p.caption, p.caption_en)}`);
    if (p.alarm || chosen) { rim.bringToFront(); edge.bringToFront(); }
  }

  function put(op) {
    Object.assign(icons, op.icons);
    let seen = false;
    for (const one of op.markers) { seen = seen || one.layer === "cameras"; markers.set(one.id, one); }
    if (seen) drawSectors();
    schedule();
  }

  function drop(op) {
    for (const id of op.ids) markers.delete(id);
    drawSectors();
    schedule();
  }

  function drawSectors() {
    if (sectors) sectors.remove();
    const wedges = [];
    for (const m of markers.values()) {
      if (m.layer !== "cameras" || m.heading === null || !m.range_m || m.tone === "lost" || m.tone === "off") continue;
      const ring = [[m.x, m.y]];
      for (let n = 0; n <= 12; n++) {
        const a = (m.heading - SPREAD / 2 + (SPREAD * n) / 12) * Math.PI / 180;
        ring.push([m.x + m.range_m * Math.sin(a), m.y + m.range_m * Math.cos(a)]);
      }
      wedges.push([ring.map(at)]);
    }
    sectors = L.polygon(wedges, {pane: "sectors", renderer: renderers.sectors, interactive: false, className: "sector", noClip: true});
    if (wedges.length) sectors.addTo(map);
  }

  function layer(op) { hidden = new Set(op.hidden); reveal(); schedule(); }

  function reveal() {
    for (const name of ["zones", "edges"]) map.getPane(name).style.display = shown("zones") ? "" : "none";
    map.getPane("sectors").style.display = shown("cameras") ? "" : "none";
  }

  function select(op) {
    const before = selected;
    selected = op.target;
    for (const code of [before, selected]) if (zones.has(code)) dress(code);
    schedule();
  }

  // -- view -----------------------------------------------------------------------------------------------------

  function fit() {
    const size = map.getSize(), wide = Math.max(size.x - 2 * FIT_MARGIN, 50), high = Math.max(size.y - 2 * FIT_MARGIN, 50);
    const s = Math.min(wide / (extent[2] - extent[0]), high / (extent[3] - extent[1]));
    show((extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2, s);
    fitted = true;
    tellView();
  }

  function show(x, y, s) { quiet = true; map.setView([y, x], Math.log2(Math.min(Math.max(s, LEAST), MOST)), {animate: false}); quiet = false; schedule(); }

  function eye(op) { fitted = op.fitted; if (fitted) fit(); else { show(op.x, op.y, op.scale); tellView(); } }

  function zoom(factor, about) {
    const s = Math.min(Math.max(scale() * factor, LEAST), MOST), half = map.getSize().divideBy(2);
    const point = about || half, held = map.containerPointToLatLng(point);
    fitted = false;
    show(held.lng - (point.x - half.x) / s, held.lat + (point.y - half.y) / s, s);
    tellView();
  }

  function tellView() {
    if (quiet || !bridge) return;
    const size = map.getSize();
    if (!size.x) return;
    const middle = map.containerPointToLatLng([size.x / 2, size.y / 2]);
    bridge.looked(middle.lng, middle.lat, scale(), fitted);
  }

  // -- words, plates, chips ---------------------------------------------------------------------------------------

  function boundsOf(points) {
    const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  }

  const rank = (m) => m.priority + (m.tone === "alarm" ? 90 : m.tone === "overdue" || m.tone === "lost" ? 10 : 0) - (m.layer === "points" && m.tone !== "alarm" ? 5 : 0);

  function caption(code) {
    const p = painted(code), said = pick(p.caption, p.caption_en);
    return p.stale && said ? `${said} · ${say.stale}` : said;
  }

  function arrangeAll() {
    due = false;
    if (!say.language || !map.getSize().x) return;
    const s = scale(), spots = [], rooms = [], f = sizes.font;
    for (const m of markers.values()) {
      if (!shown(m.layer)) continue;
      const text = pick(m.text, m.text_en);
      spots.push({id: m.id, x: m.x * s, y: -m.y * s, priority: rank(m), width: text ? Math.ceil(width(text, m.tone !== "normal", f)) + 10 : 0, loud: m.tone === "alarm"});
    }
    if (shown("zones"))
      for (const shape of shapes.values()) {
        const [west, south, east, north] = shape.bounds || (shape.bounds = boundsOf(shape.polygon)), mark = f + 12;
        const name = width(pick(shape.name, shape.name_en), true, f), more = width(caption(shape.code), false, f);
        rooms.push({code: shape.code, widths: [Math.ceil(mark + name + more + 12), Math.ceil(mark + name + 6), mark + 2],
          room: [west * s, -north * s, east * s, -south * s],
          at: shape.label ? [shape.label[0] * s, -shape.label[1] * s] : null});
      }
    const words = [], boxes = [];
    for (const [x, y, zh, en, room, strong] of texts) {
      const text = pick(zh, en), w = width(text, false, f);
      if (room && w > room * s - 2) continue;
      words.push([text, strong]);
      boxes.push([x * s - w / 2, -y * s - 8, x * s + w / 2, -y * s + 8]);
    }
    const done = arrange(spots, rooms, boxes, sizes.badge, sizes.label);
    const offset = map.latLngToLayerPoint([0, 0]);
    drawWords(words, boxes, done.words, offset);
    drawPlates(done.plates, offset);
    drawChips(done.chips, offset);
    drawScale(s);
  }

  function drawWords(words, boxes, free, offset) {
    const pane = map.getPane("words");
    let used = 0;
    words.forEach(([text, strong], n) => {
      if (!free[n]) return;
      const node = wordNodes[used] || (wordNodes[used] = make("div", "word", pane));
      used++;
      node.className = strong ? "word strong" : "word";
      if (node.textContent !== text) node.textContent = text;
      L.DomUtil.setPosition(node, L.point(boxes[n][0] + offset.x, boxes[n][1] + offset.y));
    });
    for (const node of wordNodes.splice(used)) node.remove();
  }

  function drawPlates(placed, offset) {
    for (const [code, node] of plates) if (!placed.has(code)) { node.remove(); plates.delete(code); }
    for (const [code, {form, box}] of placed) {
      const shape = shapes.get(code), p = painted(code);
      const name = form <= 1 ? pick(shape.name, shape.name_en) : "", more = form === 0 ? caption(code) : "";
      const mark = [name, more, p.grade, box[2] - box[0]].join("|");
      let node = plates.get(code);
      if (!node) plates.set(code, node = make("div", "plate", map.getPane("plates")));
      if (node.dataset.mark !== mark) {
        node.dataset.mark = mark;
        node.replaceChildren();
        make("i", p.grade, node);
        if (name) make("b", "", node, name);
        if (more) make("span", "", node, more);
        node.style.width = box[2] - box[0] + "px";
      }
      L.DomUtil.setPosition(node, L.point(box[0] + offset.x, box[1] + offset.y));
    }
  }

  function drawChips(list, offset) {
    const view = map.getSize(), origin = map.containerPointToLayerPoint([0, 0]), far = 300, wanted = new Set();
    for (const chip of list) {
      const x = chip.x + offset.x, y = chip.y + offset.y;
      if (x < origin.x - far || y < origin.y - far || x > origin.x + view.x + far || y > origin.y + view.y + far) continue;
      wanted.add(chip.id);
      const m = markers.get(chip.id), chosen = chip.members.includes(selected), movable = tool.kind === "move" && tool.layers.includes(m.layer);
      const label = chip.label ? chip.label.map((v, n) => Math.round(v - (n % 2 ? chip.y : chip.x))) : null;
      const mark = JSON.stringify([m.tone, m.layer, m.icon, m.text, m.text_en, m.heading, chip.members.length, label, chosen, movable]);
      let node = chips.get(chip.id);
      if (!node) { chips.set(chip.id, node = make("div", "", map.getPane("chips"))); node.dataset.id = chip.id; }
      if (node.dataset.mark !== mark) { node.dataset.mark = mark; fillChip(node, m, chip, label, chosen, movable); }
      node.members = chip.members;
      L.DomUtil.setPosition(node, L.point(x, y));
    }
    for (const [id, node] of chips) if (!wanted.has(id)) { node.remove(); chips.delete(id); }
  }

  function fillChip(node, m, chip, label, chosen, movable) {
    const kept = node.querySelector(".badge") === document.activeElement, text = pick(m.text, m.text_en), many = chip.members.length;
    node.className = `chip ${m.tone} ${m.layer}${chosen ? " selected" : ""}${movable ? " movable" : ""}`;
    node.replaceChildren();
    const badge = make("button", "badge", node);
    if (m.layer === "wind" && m.heading !== null)
      badge.innerHTML = `<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" style="transform:rotate(${Number(m.heading) + 180}deg)"><path d="M10 19V1M4 7.500 10 1l6 6.500"/></svg>`;
    else if (icons[m.icon]) badge.innerHTML = icons[m.icon];
    else make("span", "dot", badge);
    badge.title = many > 1 ? `${text} · ${say.group.replace("{n}", many)}` : text;
    badge.setAttribute("aria-label", badge.title || m.id);
    if (label) {
      const sign = make("span", "label", node, text);
      Object.assign(sign.style, {left: label[0] + "px", top: label[1] + 1 + "px", width: label[2] - label[0] + "px", height: label[3] - label[1] - 2 + "px"});
    }
    if (many > 1) make("span", "count", node, String(many));
    node.onclick = (e) => { e.stopPropagation(); if (!node.dragged) clickChip(node); node.dragged = false; };
    node.ondblclick = (e) => e.stopPropagation();
    node.onmouseenter = () => over(m.id);
    node.onmouseleave = () => over("");
    node.onpointerdown = (e) => { L.DomEvent.stopPropagation(e); if (movable) drag(node, m.id, e); };
    node.onmousedown = (e) => L.DomEvent.stopPropagation(e);
    if (kept) badge.focus({preventScroll: true});
  }

  function clickChip(node) {
    const members = node.members;
    if (members.length > 1) {
      const points = members.map((id) => markers.get(id)).filter(Boolean);
      const xs = points.map((p) => p.x), ys = points.map((p) => p.y), span = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
      if (span > 0 && scale() < MOST) {
        const size = map.getSize();
        fitted = false;
        show((Math.max(...xs) + Math.min(...xs)) / 2, (Math.max(...ys) + Math.min(...ys)) / 2, Math.max(0.6 * Math.min(size.x, size.y) / span, scale() * STEP));
        tellView();
        return;
      }
    }
    bridge.marker(members[0]);
  }

  function drawScale(s) {
    const metres = Math.max(...SCALES.filter((m) => m * s <= WIDEST), SCALES[0]), bar = map.getContainer().querySelector(".scale");
    bar.firstChild.textContent = `${metres} m`;
    bar.lastChild.style.width = metres * s + "px";
  }

  function over(target) { if (target !== hover) { hover = target; bridge.hover(target); } }

  // -- tools ------------------------------------------------------------------------------------------------------

  function takeTool(op) {
    tool = op;
    draft = [];
    const box = map.getContainer();
    box.classList.toggle("aiming", tool.kind === "polygon" || tool.kind === "point");
    box.classList.toggle("editing", tool.kind === "zone");
    box.classList.toggle("moving", tool.kind === "move");
    drawDraft();
    drawHandles();
    hint();
    schedule();
    if (tool.kind) box.focus({preventScroll: true});
  }

  function hint() {
    map.getContainer().querySelector(".hint").textContent =
      {polygon: say.draw_hint, point: say.draw_hint, zone: say.edit_hint, move: say.move_hint}[tool.kind] || "";
  }

  function pressed(e, otherwise) {
    const p = [e.latlng.lng, e.latlng.lat];
    if (tool.kind === "point") bridge.draw("point", JSON.stringify([p]));
    else if (tool.kind === "polygon") {
      const near = (q, px) => map.latLngToContainerPoint(at(q)).distanceTo(e.containerPoint) <= px;
      const again = draft.length && near(draft[draft.length - 1], SAME_PX);
      if (draft.length >= 3 && (again || near(draft[0], sizes.reach))) finish();
      else if (!again && performance.now() - finished > AFTER_MS) draft.push(p);
      drawDraft(e.latlng);
    } else if (tool.kind !== "zone") otherwise();
  }

  function finish() {
    if (tool.kind !== "polygon") return Boolean(tool.kind);
    if (draft.length >= 3) {
      const points = draft;
      draft = [];
      finished = performance.now();
      bridge.draw("polygon", JSON.stringify(points));
      drawDraft();
    }
    return true;
  }

  function drawDraft(pointer) {
    if (draftLayer) draftLayer.remove();
    draftLayer = null;
    if (tool.kind === "polygon") {
      handles.splice(0).forEach((h) => h.remove());
      draft.forEach((p) => handle(p, false));
      if (draft.length) draftLayer = L.polyline([...draft.map(at), ...(pointer ? [pointer] : [])], {pane: "tools", interactive: false, className: "draft"}).addTo(map);
    }
  }

  function handle(p, middle) {
    const made = L.marker(at(p), {pane: "tools", draggable: true, keyboard: false, icon: L.divIcon({className: "handle" + (middle ? " middle" : ""), iconSize: null})}).addTo(map);
    if (tool.kind === "polygon") { made.dragging.disable(); made.getElement().style.pointerEvents = "none"; }
    handles.push(made);
    return made;
  }

  function drawHandles() {
    handles.splice(0).forEach((h) => h.remove());
    if (draftLayer) draftLayer.remove();
    draftLayer = null;
    if (tool.kind !== "zone" || !shapes.has(tool.code)) return;
    const ring = shapes.get(tool.code).polygon.map((p) => [...p]);
    draftLayer = L.polygon(ring.map(at), {pane: "tools", interactive: false, className: "draft"}).addTo(map);
    const done = (points) => { reshape(tool.code, points); bridge.edit(tool.code, JSON.stringify(points)); drawHandles(); };
    ring.forEach((p, n) => {
      const corner = handle(p, false);
      corner.on("drag", (e) => { ring[n] = [e.latlng.lng, e.latlng.lat]; draftLayer.setLatLngs(ring.map(at)); });
      corner.on("dragend", () => done(ring));
      corner.on("contextmenu", () => { if (ring.length > 3) done(ring.filter((_, k) => k !== n)); });
      const q = ring[(n + 1) % ring.length], middle = handle([(p[0] + q[0]) / 2, (p[1] + q[1]) / 2], true);
      const wider = () => [...ring.slice(0, n + 1), [middle.getLatLng().lng, middle.getLatLng().lat], ...ring.slice(n + 1)];
      middle.on("drag", () => draftLayer.setLatLngs(wider().map(at)));
      middle.on("dragend click", () => done(wider()));
    });
  }

  function reshape(code, points) {
    Object.assign(shapes.get(code), {polygon: points, bounds: null});
    for (const layer of Object.values(zones.get(code))) layer.setLatLngs(points.map(at));
    schedule();
  }

  function drag(node, id, first) {
    const begin = L.point(first.clientX, first.clientY), home = L.DomUtil.getPosition(node);
    node.setPointerCapture(first.pointerId);
    node.onpointermove = (e) => {
      const step = L.point(e.clientX, e.clientY).subtract(begin);
      if (!node.dragged && step.distanceTo([0, 0]) <= CLICK_PX) return;
      node.dragged = true;
      L.DomUtil.setPosition(node, home.add(step));
    };
    node.onpointerup = () => {
      node.onpointermove = node.onpointerup = null;
      if (!node.dragged) return;
      const p = map.layerPointToLatLng(L.DomUtil.getPosition(node)), m = markers.get(id);
      markers.set(id, {...m, x: p.lng, y: p.lat});
      bridge.move(id, p.lng, p.lat);
      if (m.layer === "cameras") drawSectors();
      schedule();
    };
  }

  function key(e) {
    if (tool.kind) {
      if (e.key === "Escape") { takeTool({kind: "", code: "", layers: []}); bridge.cancel(); }
      else if (e.key === "Enter") finish();
      else if (e.key === "Backspace" && tool.kind === "polygon") { draft.pop(); drawDraft(); }
      else return;
      e.preventDefault();
      e.stopPropagation();
    } else if ((e.key === "Enter" || e.key === " ") && e.target.dataset && e.target.dataset.code) {
      e.preventDefault();
      bridge.zone(e.target.dataset.code);
    } else if (e.key === "+" || e.key === "=") zoom(STEP);
    else if (e.key === "-") zoom(1 / STEP);
    else if (e.key === "Home") { fitted = true; fit(); }
    else if (PAN[e.key]) { fitted = false; map.panBy(PAN[e.key], {animate: false}); }
  }

  // What is really drawn, as text, for support and tests.
  function probe() {
    return JSON.stringify({
      zones: [...zones.keys()].map((code) => ({code, fill: zones.get(code).fill.getElement().getAttribute("class"), edge: zones.get(code).edge.getElement().getAttribute("class"),
        d: zones.get(code).edge.getElement().getAttribute("d")})),
      zonesShown: map.getPane("zones").style.display !== "none",
      chips: [...chips].map(([id, node]) => ({id, tone: node.classList[1], members: node.members, box: rect(node.querySelector(".badge")), label: rect(node.querySelector(".label")),
        text: node.querySelector(".label")?.textContent || "", selected: node.classList.contains("selected")})),
      plates: [...plates].map(([code, node]) => ({code, text: node.textContent, box: rect(node)})),
      plan: planLayers.length, words: wordNodes.map((n) => n.textContent), sectors: sectors ? sectors.getLatLngs().length : 0,
      theme: document.documentElement.dataset.theme, ground: getComputedStyle(map.getContainer()).backgroundColor,
      scale: map.getContainer().querySelector(".scale").textContent, north: map.getContainer().querySelector(".north").textContent.trim(),
      badge: sizes.badge, handles: handles.length, hint: map.getContainer().querySelector(".hint").textContent, origin: performance.timeOrigin,
    });
  }

  function rect(node) {
    if (!node) return null;
    const r = node.getBoundingClientRect();
    return [r.left, r.top, r.right, r.bottom];
  }

  return {start, probe};
})();

document.addEventListener("DOMContentLoaded", () => ankan.start(window.map_plant));
