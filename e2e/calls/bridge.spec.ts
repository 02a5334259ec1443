// The bridge goes away and comes back, and the call does not care.

import { expect, test } from '../harness/parley';
import { Stalls } from '../harness/stalls';
import { Wire } from '../harness/wire';

/** What Chromium itself writes when a socket cannot be opened. */
const noLine = /WebSocket connection to .* failed/;

/** The longest time without a new frame, in ms: a machine that is busy with five pages has its own pauses. */
const stall = 1_000;

test('kill -9 and a restart of the bridge cost the call not one frame, and everybody stays who they were', async ({
  people,
  program,
}) => {
  people.complaints.allow(noLine);
  const ann = await people.join('Ann');
  const bob = await people.join('Bob');
  const cid = await people.join('Cid');
  const there = [ann, bob, cid];
  for (const one of there) for (const other of there) if (other !== one) await one.sees(other.name);
  const tiles = await Promise.all(there.map((one) => one.tiles()));
  const descriptions = await Promise.all(there.map((one) => one.descriptions()));
  const connections = await ann.page.evaluate(() => window.probe.connections.length);

  const watches = await Promise.all(there.map((one) => Stalls.watch(one)));
  await program.kill();
  for (const one of there) await expect(one.connection).toHaveText(/^Direct.*out of reach/);
  await program.start();
  for (const one of there) await expect(one.connection).toHaveText(/^Direct(?!.*out of reach)/);

  for (const watch of watches) {
    const { longest, tracks } = await watch.end();
    expect(tracks).toBe(2);
    expect(longest, 'ms without a new frame').toBeLessThan(stall);
  }
  expect(await Promise.all(there.map((one) => one.descriptions())), 'no link was touched').toEqual(descriptions);
  expect(await ann.page.evaluate(() => window.probe.connections.length)).toBe(connections);

  // The room is whole again: who comes now meets all three, once each.
  const dora = await people.join('Dora');
  await expect(dora.call.getByRole('group')).toHaveCount(4);
  for (const one of there) await expect(one.call.getByRole('group')).toHaveCount(4);
  for (const [at, one] of there.entries()) {
    expect((await one.tiles()).filter((label) => !label.startsWith('Dora'))).toEqual(tiles[at]);
  }
  await dora.sees('Ann');
  await ann.sees('Dora');
});

test('while the bridge is away people mute and leave as they like, and all is known when it is back', async ({
  people,
  program,
}) => {
  people.complaints.allow(noLine);
  const ann = await people.join('Ann');
  const bob = await people.join('Bob');
  await ann.sees('Bob');
  await program.kill();
  await expect(ann.connection).toHaveText(/out of reach/);
  await bob.button('Mute microphone').click();
  await expect(bob.button('Unmute microphone')).toBeVisible();
  await ann.sees('Bob');
  await program.start();
  await expect(ann.connection).not.toHaveText(/out of reach/);
  await expect(ann.tile('Bob')).toHaveAccessibleName(/Muted/);
  await bob.leave();
  await expect(ann.tile('Bob')).toHaveCount(0);
});

test.describe('a line that is cut', () => {
  test.use({ flags: ['--gone-after', '4s'] });

  test('keeps the tile and the picture, until the person is gone', async ({ people, program }) => {
    people.complaints.allow(noLine);
    const wire = await Wire.to(program.port);
    const ann = await people.join('Ann');
    const bob = await people.join('Bob', { url: wire.url });
    await ann.sees('Bob');
    const before = await ann.tiles();
    wire.cut();
    await expect(bob.connection).toHaveText(/^Direct.*out of reach/);
    await ann.sees('Bob');
    wire.mend();
    await expect(bob.connection).not.toHaveText(/out of reach/);
    await expect.poll(() => ann.tiles()).toEqual(before);
    wire.cut();
    await expect(ann.tile('Bob')).toHaveCount(0, { timeout: 15_000 });
    await expect(ann.news).toContainText('Bob lost the connection');
    // Gone, and back again by itself when the line is.
    wire.mend();
    await expect(ann.tile('Bob')).toHaveCount(1, { timeout: 15_000 });
    await ann.sees('Bob');
    await bob.sees('Ann');
    await wire.close();
  });

  test('a page that crashes is gone after a while, and nobody else notices', async ({ people }) => {
    const ann = await people.join('Ann');
    const bob = await people.join('Bob');
    const cid = await people.join('Cid');
    await ann.sees('Bob');
    await ann.sees('Cid');
    await cid.crash();
    await expect(ann.tile('Cid')).toHaveCount(0, { timeout: 25_000 });
    await ann.sees('Bob');
    await bob.sees('Ann');
  });
});
