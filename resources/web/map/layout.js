// Where chips and labels stand, so that dense ones gather and none covers another. Pixels only.
// The same as ui/risk/maplayout.py, which says how; tests hold both to the same behaviour.
"use strict";

const CELL = 64, GAP = 3, INSET = 7, STEPS = 4, SIDES = ["right", "left", "below", "above"];

class Crowd {
  constructor() { this.cells = new Map(); }
  add(box, name = "") {
    for (let c = Math.floor(box[0] / CELL); c <= Math.floor(box[2] / CELL); c++)
      for (let r = Math.floor(box[1] / CELL); r <= Math.floor(box[3] / CELL); r++) {
        const key = c * 1000003 + r, cell = this.cells.get(key);
        if (cell) cell.push([box, name]); else this.cells.set(key, [[box, name]]);
      }
  }
  hit([left, top, right, bottom], but = null) {
    for (let c = Math.floor(left / CELL); c <= Math.floor(right / CELL); c++)
      for (let r = Math.floor(top / CELL); r <= Math.floor(bottom / CELL); r++) {
        const cell = this.cells.get(c * 1000003 + r);
        if (cell) for (const [box, name] of cell)
          if (box[0] < right && box[2] > left && box[1] < bottom && box[3] > top && name !== but) return name;
      }
    return null;
  }
}

function sideBox(side, x, y, badge, width, height) {
  const half = badge / 2, off = badge / 2 + 1;
  if (side === "right") return [x + off, y - height / 2, x + off + width, y + height / 2];
  if (side === "left") return [x - off - width, y - height / 2, x - off, y + height / 2];
  if (side === "below") return [x - width / 2, y + off, x + width / 2, y + off + height];
  return [x - width / 2, y - half - 1 - height, x + width / 2, y - half - 1];
}

const wider = (b) => [b[0] - GAP, b[1] - GAP, b[2] + GAP, b[3] + GAP];

function placePlate(plate, crowd, height) {
  const [left, top, right, bottom] = plate.room;
  if (bottom - top < height + INSET) return null;
  for (let form = 0; form < plate.widths.length; form++) {
    const width = plate.widths[form];
    if (width > right - left - INSET) continue;
    const spots = plate.at ? [plate.at] : [];
    for (const y of [top + INSET, bottom - INSET - height, top + 2 * INSET + height])
      for (let n = 0; n <= STEPS && y + height <= bottom; n++) spots.push([left + INSET + ((right - left - 2 * INSET - width) * n) / STEPS, y]);
    for (const [x, y] of spots) {
      const box = [x, y, x + width, y + height];
      if (crowd.hit(wider(box)) === null) {
        crowd.add(box, "zone " + plate.code);
        return {form, box};
      }
    }
  }
  return null;
}

// spots {id,x,y,priority,width,loud} · plates {code,room,widths,at} · words boxes
function arrange(spots, plates, words, badge, height) {
  const ordered = [...spots].sort((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1));
  const crowd = new Crowd(), soft = new Crowd(), heads = new Map(), labels = new Map(), half = badge / 2;
  words.forEach((box) => soft.add(box));
  for (const spot of ordered) {
    const box = [spot.x - half, spot.y - half, spot.x + half, spot.y + half];
    const head = crowd.hit(box);
    if (head === null) {
      crowd.add(box, spot.id);
      heads.set(spot.id, {spot, members: [spot.id]});
    } else heads.get(head).members.push(spot.id);
  }
  const place = (spot) => {
    for (const grounds of [[crowd, soft], [crowd]])
      for (const side of SIDES) {
        const box = sideBox(side, spot.x, spot.y, badge, spot.width, height);
        if (grounds.every((g) => g.hit(wider(box), spot.id) === null)) {
          labels.set(spot.id, box);
          crowd.add(box, "label " + spot.id);
          return;
        }
      }
  };
  for (const {spot} of heads.values()) if (spot.loud && spot.width) place(spot);
  const placed = new Map();
  for (const plate of plates) {
    const found = placePlate(plate, crowd, height);
    if (found) placed.set(plate.code, found);
  }
  for (const {spot} of heads.values()) if (spot.width && !spot.loud) place(spot);
  const chips = [...heads.values()].map(({spot, members}) => ({id: spot.id, x: spot.x, y: spot.y, members, label: labels.get(spot.id) || null}));
  return {chips, plates: placed, words: words.map((box) => crowd.hit(box) === null)};
}
