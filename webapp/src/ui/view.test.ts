import { expect, it } from 'vitest';
import { layOut } from './layout';
import { sameView, shownIn } from './view';

const box = { width: 1256, height: 676 };

it('asks for the others in view, in pixels of the device', () => {
  const layout = layOut({ box, people: ['a', 'b', 'c'], self: 'me', screens: [], page: 0 });
  const { rect } = layout.cells[0]!;
  const shown = shownIn(layout, 'me', 2);
  expect(shown.map(({ peer }) => peer)).toEqual(['a', 'b', 'c']);
  expect(shown[0]).toEqual({ peer: 'a', kind: 'camera', width: 2 * rect.width, height: 2 * rect.height });
});

it('asks for screens, the large one first of all, and for nobody on another page', () => {
  const people = Array.from({ length: 49 }, (_, at) => `p${at}`);
  const shown = shownIn(layOut({ box, people, self: 'me', screens: ['p40', 'p1'], page: 0 }), 'me', 1);
  expect(shown.filter(({ kind }) => kind === 'screen')).toMatchObject([{ peer: 'p40', pinned: true }, { peer: 'p1' }]);
  expect(shown[1]).not.toHaveProperty('pinned');
  expect(shown.length).toBeLessThan(people.length / 2);
});

it('asks for nothing of what has no size yet', () => {
  expect(shownIn(layOut({ box: { width: 0, height: 0 }, people: ['a'], self: 'me', screens: [], page: 0 }), 'me', 1)).toEqual([]);
});

it('knows whether it asks for something else', () => {
  const one = { peer: 'a', kind: 'camera' as const, width: 10, height: 10 };
  expect(sameView([one], [{ ...one }])).toBe(true);
  expect(sameView([one], [{ ...one, width: 11 }])).toBe(false);
  expect(sameView([one], [])).toBe(false);
});
