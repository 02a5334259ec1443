// What stands where on the stage. Pure.
//
//     nobody shares                somebody shares, lying      standing
//     +-----+-----+-----+          +-----------------+----+    +-----------+
//     | Ann | Ben | Chi |          |                 |Ann |    | screen    |
//     +-----+-----+-----+          |   Ann's screen  |Ben |    +-----+-----+
//     | Dan | Eve | you |          |                 |you |    | Ann | Ben |
//     +-----+-----+-----+          +-----------------+----+    +-----+-----+
//           < 1 / 2 >                                 <1/2>       < 1 / 2 >
//
// Whoever does not fit stands on a further page. One's own tile is the last one of every page.

import { capacity, places, type Box, type Rect } from './grid';

export const gap = 8; // px, as --space-2
const pager: Box = { width: 130, height: 44 }; // px: two buttons of --touch and a page number
const flat = 160; // px, lower than which a box has the pager beside the people instead of below them
const phone = 600; // px, narrower than which two people share the place of one

/** Who and what is to be shown. */
export interface Scene {
  box: Box;
  people: readonly string[]; // the others, in their order
  self: string | undefined;
  screens: readonly string[]; // whose screens there are; the first one is shown large
  page: number;
}

/** A picture and its place. */
export interface Cell {
  peer: string;
  kind: 'camera' | 'screen';
  rect: Rect;
}

export interface Layout {
  cells: readonly Cell[];
  large?: string; // whose screen is large
  inset: boolean; // one's own picture lies in that of the other person
  card?: Rect; // the place of the link to send, when one is alone
  pager?: Rect;
  page: number; // of `pages`, from 0
  pages: number;
  from: number; // the people in view are those from here
  to: number; // to here, this one not included
}

type Item = Omit<Cell, 'rect'>;

/** Lays a scene out. */
export function layOut(scene: Scene): Layout {
  const { box, people, self, screens } = scene;
  const stage: Rect = { x: 0, y: 0, ...box };
  const everybody = { inset: false, page: 0, pages: 1, from: 0, to: people.length };
  const [large, ...others] = screens;
  if (large !== undefined) {
    const { main, strip } = split(stage);
    const rest = gallery(strip, others, scene);
    return { ...rest, cells: [{ peer: large, kind: 'screen', rect: main }, ...rest.cells], large };
  }
  if (self !== undefined && people.length === 0) {
    const [mine, card] = places(2, stage, gap);
    return { ...everybody, cells: [{ peer: self, kind: 'camera', rect: mine! }], ...(card && { card }) };
  }
  if (self !== undefined && people.length === 1 && box.width < phone && box.height > box.width) {
    const cells: Cell[] = [
      { peer: people[0]!, kind: 'camera', rect: stage },
      { peer: self, kind: 'camera', rect: corner(stage) },
    ];
    return { ...everybody, cells, inset: true };
  }
  return gallery(stage, [], scene);
}

/** People within a box, further screens before them, by pages where there are too many. */
function gallery(box: Rect, screens: readonly string[], { people, self, page: wish }: Scene): Layout {
  const items: Item[] = [
    ...screens.map((peer): Item => ({ peer, kind: 'screen' })),
    ...people.map((peer): Item => ({ peer, kind: 'camera' })),
  ];
  const own: Item[] = self === undefined ? [] : [{ peer: self, kind: 'camera' }];
  const fits = box.width <= 0 || box.height <= 0 || items.length + own.length <= capacity(box, gap); // unmeasured: all
  const { inner, turner } = fits ? { inner: box } : withPager(box);
  const most = fits ? items.length : Math.max(1, capacity(inner, gap) - own.length);
  const pages = Math.max(1, Math.ceil(items.length / most));
  const page = Math.min(Math.max(0, wish), pages - 1);
  const begin = (at: number): number => Math.ceil((at * items.length) / pages); // no page with one lonely person
  const [first, last] = [begin(page), begin(page + 1)];
  const shown = [...items.slice(first, last), ...own];
  const rects = places(shown.length, inner, gap, Math.ceil(items.length / pages) + own.length);
  return {
    cells: shown.map((item, at) => ({ ...item, rect: rects[at]! })),
    inset: false,
    ...(turner && { pager: turner }),
    page,
    pages,
    from: Math.max(0, first - screens.length),
    to: Math.max(0, last - screens.length),
  };
}

/** Divides a box between people and the pager: below them, or beside them where that takes less. */
function withPager(box: Rect): { inner: Rect; turner: Rect } {
  if (box.height < flat && box.width > box.height) {
    const width = box.width - pager.width - gap;
    return { inner: { ...box, width }, turner: { ...box, x: box.x + width + gap, width: pager.width } };
  }
  const height = box.height - pager.height - gap;
  return { inner: { ...box, height }, turner: { ...box, y: box.y + height + gap, height: pager.height } };
}

/** The places of a large screen and of the strip beside or below it: where the screen becomes larger. */
function split(stage: Rect): { main: Rect; strip: Rect } {
  const { width, height } = stage;
  const beside = between(116, 0.18 * width, 232);
  const below = between(84, 0.24 * height, 190);
  const side: Box = { width: width - beside - gap, height };
  // Higher than this there would be nothing but empty space above and below the screen.
  const above: Box = { width, height: Math.min(height - below - gap, Math.round((width * 10) / 16)) };
  if (area(side) >= area(above)) {
    return { main: { x: 0, y: 0, ...side }, strip: { x: side.width + gap, y: 0, width: beside, height } };
  }
  const y = above.height + gap;
  return { main: { x: 0, y: 0, ...above }, strip: { x: 0, y, width, height: height - y } };
}

/** How much of a box the picture of a usual screen covers. */
function area({ width, height }: Box): number {
  return Math.min(width, (height * 16) / 9) * Math.min(height, (width * 9) / 16);
}

/** The lower right corner, where one's own picture lies. */
function corner(stage: Rect): Rect {
  const [width, height] = [Math.round(stage.width * 0.27), Math.round(stage.width * 0.36)];
  return { x: stage.width - width - 12, y: stage.height - height - 12, width, height };
}

function between(low: number, value: number, high: number): number {
  return Math.round(Math.min(high, Math.max(low, value)));
}
