import { networkInterfaces } from 'node:os';
import { expect, test } from '../harness/parley';
import { movesFor } from '../harness/person';
import { Puppet } from '../harness/puppet';

// Firefox does not look for a relay on this machine's own 127.0.0.1.
const outside = Object.values(networkInterfaces()).flat().some((one) => one?.family === 'IPv4' && !one.internal);

for (const [shape, meshMax] of [['the mesh', 99], ['a relay', 0]] as const) {
  test.describe(shape, () => {
    test.use({ flags: ['--mesh-max', String(meshMax)] });
    test.skip(meshMax === 0 && !outside, 'this machine has no network but 127.0.0.1');

    test(`Firefox and Chromium see and hear each other over ${shape}`, async ({ people, program }) => {
      const ann = await people.join('Ann');
      const fox = await Puppet.firefox(`${program.url}/r/room?lang=en`);
      try {
        await fox.join('Fox');
        await ann.sees('Fox');
        await ann.hearsAnything();
        await movesFor('Fox', 'Ann', () => fox.look('Ann'));
        await expect.poll(() => fox.energy(), { message: 'Fox decodes the sound of Ann' }).toBeGreaterThan(0);
        await expect(ann.connection).toHaveText(meshMax === 0 ? /^Relayed/ : /^Direct/);
        expect(fox.errors).toEqual([]);
      } finally {
        await fox.close();
      }
    });
  });
}
