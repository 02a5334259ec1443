// How many tiles stand in a row, and how large they are. Pure.

export interface Box {
  width: number;
  height: number;
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

/** Arranges n tiles so that they cover as much of the box as can be, none outside it. */
export function arrange(n: number, box: Box, gap: number): Arrangement {
  const narrow = box.width < box.height ? narrowest.standing : narrowest.lying;
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

/** The largest tile of a bearable shape within a cell. */
function largest({ width, height }: Box, narrow: number): Box {
  if (width <= 0 || height <= 0) return { width: 0, height: 0 };
  return { width: Math.floor(Math.min(width, height * widest)), height: Math.floor(Math.min(height, width / narrow)) };
}
