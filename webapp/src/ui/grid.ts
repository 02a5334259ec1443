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

// A tile may be as wide as a camera's picture and as narrow as a standing phone's: pictures are cropped
// to fill it, and beyond these a face no longer fits.
const widest = 16 / 9;
const narrowest = 2 / 3;

/** Arranges n tiles so that they cover as much of the box as can be, none outside it. */
export function arrange(n: number, box: Box, gap: number): Arrangement {
  let best: Arrangement = { columns: 1, rows: Math.max(1, n), tile: { width: 0, height: 0 } };
  for (let columns = 1; columns <= n; columns++) {
    const rows = Math.ceil(n / columns);
    if ((columns - 1) * rows >= n) continue; // a column would stay empty
    const tile = largest((box.width - gap * (columns - 1)) / columns, (box.height - gap * (rows - 1)) / rows);
    if (tile.width * tile.height > best.tile.width * best.tile.height) best = { columns, rows, tile };
  }
  return best;
}

/** The largest tile of a bearable shape within a cell. */
function largest(width: number, height: number): Box {
  if (width <= 0 || height <= 0) return { width: 0, height: 0 };
  return { width: Math.floor(Math.min(width, height * widest)), height: Math.floor(Math.min(height, width / narrowest)) };
}
