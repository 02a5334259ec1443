// What each shape of a room costs a page: its pictures go out once to a relay, or once to each of the others.

import { expect, test, type People } from '../harness/parley';
import type { Person } from '../harness/person';
import { lines } from '../harness/lines';

const names = ['Ann', 'Bob', 'Cid', 'Dora'];

async function gather(people: People): Promise<Person[]> {
  const there: Person[] = [];
  for (const name of names) {
    there.push(await people.join(name));
    for (const other of there) await expect(other.call.getByRole('group')).toHaveCount(there.length);
  }
  return there;
}

for (const [shape, meshMax, wanted] of [
  ['a relay', 0, { up: 1, layered: 1, down: 3 }],
  ['the mesh', 99, { up: 3, layered: 0, down: 3 }],
] as const) {
  test.describe(shape, () => {
    test.use({ flags: ['--mesh-max', String(meshMax)] });

    test(`four people over ${shape} send ${wanted.up} and receive 3 pictures each`, async ({ people }) => {
      const there = await gather(people);
      for (const one of there) {
        await expect(one.connection).toHaveText(meshMax === 0 ? /^Relayed/ : /^Direct/);
        await expect.poll(() => lines(one), { message: `the lines of ${one.name}`, timeout: 20_000 }).toEqual(wanted);
      }
    });
  });
}
