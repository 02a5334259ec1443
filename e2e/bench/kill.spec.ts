// How long a call of five stands still when its relay is killed (kill -9), with another relay at hand and without: from the
// kill to the next new picture of each tile, PARLEY_KILLS times (3 unless given). Two people in Chromium, three bots.

import os from 'node:os';
import { Bots } from '../harness/bots';
import type { Browsers } from '../harness/browsers';
import { news, quantile } from '../harness/cut';
import { LoneRelay } from '../harness/lone';
import { expect, People, test } from '../harness/parley';
import type { Person } from '../harness/person';
import { Program } from '../harness/program';
import { filmOf, Scene } from '../harness/scene';

const rounds = Number(process.env.PARLEY_KILLS ?? 3);

for (const [title, count] of [['another relay takes over', 2], ['the mesh takes over', 1]] as const) {
  test(`kill: ${title}`, async ({ browsers }) => {
    test.setTimeout(rounds * 90_000);
    const gaps: number[] = [];
    for (let round = 0; round < rounds; round++) gaps.push(...(await kill(browsers, count)));
    const at = (part: number): string => quantile(gaps, part).toFixed(0);
    const load = os.loadavg()[0]!.toFixed(1);
    process.stdout.write(`relay killed, ${title}: next new picture p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, worst ${at(1)} ms (n = ${gaps.length} tiles; load ${load})\n`);
  });
}

async function kill(browsers: Browsers, count: 1 | 2): Promise<number[]> {
  const relays = await Promise.all(Array.from({ length: count }, () => LoneRelay.start()));
  const program = await Program.start({ flags: ['--mesh-max', '4', ...LoneRelay.flags(relays)] });
  const people = new People(browsers, () => Promise.resolve(program));
  const scene = new Scene(browsers, people);
  const bots = new Bots({ url: program.url, name: 'Bot', count: 3, sound: true, wait: true });
  try {
    const ann = await scene.arrive('Ann');
    const serving = plannedRelay(ann);
    await ann.join();
    const viewers = [ann, await scene.join('Bob')];
    bots.join();
    for (const viewer of viewers) {
      await expect(viewer.connection).toHaveText(/^Relayed/, { timeout: 40_000 });
      for (const name of ['Bot 1', 'Bot 2', 'Bot 3']) await viewer.sees(name);
    }
    const killed = Date.now();
    await relays.find(({ id }) => id === serving())!.kill();
    const gaps = await Promise.all(viewers.map((viewer) => nextPictures(viewer, killed)));
    return gaps.flat();
  } finally {
    await bots.leave();
    await people.close();
    await program.stop();
    await Promise.all(relays.map((relay) => relay.close()));
  }
}

/** The relay of the newest plan that a page has heard of. */
function plannedRelay(person: Person): () => string | undefined {
  let relay: string | undefined;
  person.page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => {
      const { plan } = JSON.parse(String(payload)) as { plan?: { relays: string[] } };
      if (plan) relay = plan.relays[0];
    });
  });
  return () => relay;
}

/** For each tile, ms from the kill to the first new picture, those that were on their way not counted. */
async function nextPictures(viewer: Person, killed: number): Promise<number[]> {
  const after = async (): Promise<number[][]> => {
    const film = await filmOf(viewer);
    return Object.entries(film.sights).map(([name, sights]) => {
      const stopped = lastBefore(sights.map(({ at }) => at), killed);
      return news(name, sights).filter(({ at }) => at > stopped).map(({ at }) => at - killed);
    });
  };
  await expect.poll(async () => (await after()).every((times) => times.length > 0), { timeout: 40_000 }).toBe(true);
  return (await after()).map((times) => times[0]!);
}

/** When the pictures stopped that were on their way at the kill: nothing comes for 150 ms after that. */
function lastBefore(times: readonly number[], killed: number): number {
  let last = killed;
  for (const at of times) if (at > killed && at - last < 150) last = at;
  return last;
}
