// Pictures in another codec than VP8, with their layers within one stream, through the relay.

import { expect, personas, prepare, test, type People } from '../harness/parley';
import type { Person } from '../harness/person';
import type { Browsers } from '../harness/browsers';

interface Size {
  width: number;
  height: number;
}

/** Somebody whose window and whose picture are of the size given. */
async function join(browsers: Browsers, people: People, name: string, window: Size, picture: Size): Promise<Person> {
  const context = await (await browsers.get('usual')).newContext({ viewport: window, locale: 'en-US' });
  people.adopt(context);
  await context.addInitScript(({ width, height }) => {
    globalThis.window.face = {
      width,
      height,
      draw: (brush, tick) => {
        brush.fillStyle = `hsl(${tick % 360} 60% 40%)`;
        brush.fillRect(0, 0, width, height);
        brush.fillStyle = 'white';
        brush.fillRect((tick * 8) % width, height / 3, width / 8, height / 3);
      },
    };
  }, picture);
  await prepare(context, personas[name.charCodeAt(0) % personas.length]!);
  return people.join(name, { context });
}

/** What a page sends its camera in on its one connection: codec and mode. Sizes also follow the processor. */
function sent(person: Person): Promise<string> {
  return person.page.evaluate(async () => {
    const connection = window.probe.connections.find((one) => one.connectionState === 'connected');
    const stats = new Map(await connection?.getTransceivers()[1]?.sender.getStats()) as Map<string, Record<string, string>>;
    const streams = [...stats.values()].filter(({ type }) => type === 'outbound-rtp');
    return streams.map((one) => `${stats.get(one.codecId!)?.mimeType} ${one.scalabilityMode}`).join(', ');
  });
}

/** How the picture of somebody comes to one person, beside how it comes to another. */
async function compared(name: string, one: Person, other: Person): Promise<string> {
  const [first, second] = [await one.look(name), await other.look(name)];
  if (first.width === 0 || second.width === 0) return 'not there';
  if (first.width === second.width) return 'the same';
  return first.width < second.width ? 'smaller' : 'larger';
}

const large = { width: 1400, height: 1200 };
const small = { width: 320, height: 300 };

test.describe('a node that prefers VP9', () => {
  test.use({ flags: ['--mesh-max', '0', '--codec', 'vp9'] });

  test('one stream has every size: who shows little gets little, and what nobody watches is not sent', async ({ browsers, people }) => {
    test.setTimeout(180_000);
    const ann = await join(browsers, people, 'Ann', small, { width: 960, height: 540 });
    const bob = await join(browsers, people, 'Bob', small, { width: 320, height: 180 });
    const cid = await join(browsers, people, 'Cid', large, { width: 320, height: 180 });
    await expect(ann.connection).toHaveText(/^Relayed/, { timeout: 20_000 });
    await Promise.all([ann.sees('Bob'), ann.sees('Cid'), bob.sees('Ann'), cid.sees('Ann')]);

    async function annSends(mode: string, bobGets: string): Promise<void> {
      await expect.poll(() => sent(ann), { message: 'Ann sends', timeout: 30_000 }).toBe(`video/VP9 ${mode}`);
      await expect.poll(() => compared('Ann', bob, cid), { message: 'Bob gets beside Cid', timeout: 30_000 }).toBe(bobGets);
    }
    await annSends('L3T3_KEY', 'smaller');
    await expect.poll(() => sent(bob), { message: 'Bob, whose picture is small, sends' }).toBe('video/VP9 L1T3');
    await cid.page.setViewportSize(small);
    await annSends('L1T3', 'the same');
    await cid.page.setViewportSize(large);
    await annSends('L3T3_KEY', 'smaller');
    await Promise.all([bob.sees('Ann'), cid.sees('Ann')]);
  });
});
