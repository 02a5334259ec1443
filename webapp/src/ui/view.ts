// What the call is told of what is shown: a relay sends nothing else, and nothing larger. Pure.

import type { Shown } from '../call/state';
import type { Layout } from './layout';

/** The pictures of others in view, in pixels of the device (`density` of them to one of CSS). */
export function shownIn({ cells, large }: Layout, self: string | undefined, density: number): Shown[] {
  return cells.flatMap(({ peer, kind, rect }) => {
    const [width, height] = [Math.round(rect.width * density), Math.round(rect.height * density)];
    if (peer === self || width <= 0 || height <= 0) return [];
    // What fills the stage is what one looks at: it goes before the rest.
    return [{ peer, kind, width, height, ...(kind === 'screen' && peer === large ? { pinned: true } : {}) }];
  });
}

/** Whether two lists ask for the same. */
export function sameView(a: readonly Shown[], b: readonly Shown[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
