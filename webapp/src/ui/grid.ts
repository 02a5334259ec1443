// How many tiles stand in a row, how large they are, and where each stands. Pure.

export interface Box {
  width: number;
  height: number;
}

/** A place within the stage, in whole CSS pixels from its upper left corner. */
export interface Rect extends Box {
  x: number;
  y: number;
}

export interface Arrangement {
  columns: number;
  rows: number;
  tile: Box; // whole pixels, all tiles alike
}

// Pictures are cropped to fill their tiles. A tile may be as wide as a camera's picture; narrower, it
// loses what stands beside a face, which only a standing phone has to bear.
const widest = 16 / 9;
const narrowest = { lying: 5 / 4, standing: 2 / 3 };
const strip = 240; // px: what is narrower is no phone but a strip beside a screen

// Smaller than this one sees no face, and more than this no one looks at: others stand on further pages.
const least: Box = { width: 104, height: 60 };
const most = 25;

/** Arranges n tiles so that they cover as much of the box as can be, none outside it. */
export function arrange(n: number, box: Box, gap: number): Arrangement {
  const narrow = box.width < box.height && box.width > strip ? narrowest.standing : narrowest.lying;
  let best: Arrangement = { columns: 1, rows: Math.max(1, n), tile: { width: 0, height: 0 } };
  for (let columns = 1; columns <= n; columns++) {
    const rows = Math.ceil(n / columns);
    if ((columns - 1) * rows >= n) continue; // a column would stay empty
    const cell = { width: (box.width - gap * (columns - 1)) / columns, height: (box.height - gap * (rows - 1)) / rows };
    const tile = largest(cell, narrow);
    if (tile.width * tile.height > best.tile.width * best.tile.height) best = { columns, rows, tile };
  }
  return best;
}

/** How many tiles a box has room for before they become too small. */
export function capacity(box: Box, gap: number): number {
  for (let n = most; n > 1; n--) {
    const { tile } = arrange(n, box, gap);
    if (tile.width >= least.width && tile.height >= least.height) return n;
  }
  return 1;
}

/**
 * The places of n tiles, row by row and centred, a last row that is not full too. They have the size of
 * an arrangement of `like` tiles, so that pages with one tile fewer look alike.
 */
export function places(n: number, box: Rect, gap: number, like = n): Rect[] {
  const { columns, tile } = arrange(Math.max(n, like), box, gap);
  const rows = Math.ceil(n / columns);
  const top = box.y + Math.floor((box.height - rows * tile.height - (rows - 1) * gap) / 2);
  return Array.from({ length: n }, (_, at) => {
    const row = Math.floor(at / columns);
    const inRow = Math.min(columns, n - row * columns);
    const left = box.x + Math.floor((box.width - inRow * tile.width - (inRow - 1) * gap) / 2);
    return { x: left + (at % columns) * (tile.width + gap), y: top + row * (tile.height + gap), ...tile };
  });
}

/** The largest tile of a bearable shape within a cell. */
function largest({ width, height }: Box, narrow: number): Box {
  if (width <= 0 || height <= 0) return { width: 0, height: 0 };
  return { width: Math.floor(Math.min(width, height * widest)), height: Math.floor(Math.min(height, width / narrow)) };
}
