import { expect, test } from '../harness/parley';
import type { Person } from '../harness/person';
import { seen, watch } from '../harness/watch';

/** Of all connections that the page ever made, those that are open. */
function open(person: Person): Promise<number> {
  return person.page.evaluate(() => window.probe.connections.filter((one) => one.connectionState === 'connected').length);
}

test.describe('a room that grows past the mesh', () => {
  test.use({ flags: ['--mesh-max', '3'] });

  test('moves to the relay and back, and nobody goes blank or silent', async ({ people }) => {
    test.setTimeout(120_000);
    const ann = await people.join('Ann');
    const bob = await people.join('Bob');
    const cid = await people.join('Cid');
    await Promise.all([ann.sees('Bob'), ann.sees('Cid'), bob.sees('Ann'), cid.sees('Bob')]);
    await expect(ann.connection).toContainText('Direct');
    await expect.poll(() => ann.hears([700, 1000])).toEqual([700, 1000]);

    await watch(ann, ['Bob', 'Cid'], [700, 1000]);
    const dan = await people.join('Dan');
    await expect(ann.connection).toContainText('Relayed');
    await Promise.all([ann.sees('Dan'), dan.sees('Ann'), dan.sees('Bob'), dan.sees('Cid')]);
    await expect.poll(() => open(ann), { message: 'one connection is left' }).toBe(1);
    await Promise.all([ann.sees('Bob'), ann.sees('Cid'), cid.sees('Bob')]);
    await expect.poll(() => dan.hears([400, 700, 1000])).toEqual([400, 700, 1000]);
    const up = await seen(ann, ['Bob', 'Cid'], [700, 1000]);
    expect(up, JSON.stringify(up)).toMatchObject({ blank: [], moved: false });
    expect(up.silence).toBeLessThan(500);

    await dan.leave();
    await cid.leave();
    await watch(ann, ['Bob'], [700]);
    await expect(ann.connection).toContainText('Direct', { timeout: 30_000 });
    await bob.sees('Ann');
    await ann.sees('Bob');
    await expect.poll(() => bob.hears([400])).toEqual([400]);
    const down = await seen(ann, ['Bob'], [700]);
    expect(down, JSON.stringify(down)).toMatchObject({ blank: [], moved: false });
    expect(down.silence).toBeLessThan(500);
  });
});

test.describe('a room on the relay', () => {
  test.use({ flags: ['--mesh-max', '0'] });

  test('has one connection each, and bears cameras that go off, reloads and a node that is killed', async ({ people, program }) => {
    people.complaints.allow(/WebSocket connection to .* failed/);
    const ann = await people.join('Ann');
    const bob = await people.join('Bob');
    const cid = await people.join('Cid');
    await Promise.all([ann.sees('Bob'), ann.sees('Cid'), bob.sees('Cid'), cid.sees('Ann')]);
    await expect.poll(() => ann.hears([400, 700, 1000])).toEqual([700, 1000]);
    expect([await open(ann), await open(bob), await open(cid)]).toEqual([1, 1, 1]);

    await bob.button('Turn camera off').click();
    await expect.poll(async () => (await ann.look('Bob')).width).toBe(0);
    await bob.button('Turn camera on').click();
    await ann.sees('Bob');
    await cid.page.reload();
    await Promise.all([cid.sees('Ann'), cid.sees('Bob'), ann.sees('Cid')]);
    const hues = [(await ann.look('Bob')).hue, (await ann.look('Cid')).hue];
    expect(Math.abs(hues[0]! - 120), `Bob is green: ${hues[0]}`).toBeLessThan(20);
    expect(Math.abs(hues[1]! - 240), `Cid is blue: ${hues[1]}`).toBeLessThan(20);

    await watch(ann, ['Bob', 'Cid'], []);
    await program.kill();
    await program.start();
    await expect.poll(() => ann.page.evaluate(() => window.probe.connections.length), { timeout: 20_000 }).toBeGreaterThan(1);
    await Promise.all([ann.sees('Bob'), ann.sees('Cid'), bob.sees('Ann'), cid.sees('Ann')]);
    const { blank, moved } = await seen(ann, ['Bob', 'Cid'], []);
    expect([blank, moved]).toEqual([[], false]);
    await expect.poll(() => ann.hears([400, 700, 1000])).toEqual([700, 1000]);
  });
});
