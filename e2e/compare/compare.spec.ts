// The same scene in the mesh and through a relay: what it costs, and what it looks like. PARLEY_PEOPLE is how many
// there are at most (5 unless given). Writes e2e/out/compare: README.md, index.html and raw.json.

import os from 'node:os';
import type { Browsers } from '../harness/browsers';
import { news, quantile } from '../harness/cut';
import { expect, People, test } from '../harness/parley';
import type { Person } from '../harness/person';
import { Program } from '../harness/program';
import { filmOf, Scene } from '../harness/scene';
import type { Film } from '../harness/probe/numbers';
import { markdown, write, type Row } from './report';
import { usage } from './usage';

const most = Number(process.env.PARLEY_PEOPLE ?? 5);
const machine = `${os.cpus().length} cores, ${os.cpus()[0]?.model ?? 'unknown'}; all people and the server on this one machine`;
const shapes = ['mesh', 'relay'] as const;
const calmMillis = 4_000;
const watchMillis = 8_000;
const names = ['Ann', 'Bob', 'Cid', 'Dora', 'Eve', 'Fay', 'Gus', 'Hal'];

test('compare', async ({ browsers }) => {
  test.setTimeout(most * 180_000);
  const rows: Row[] = [];
  let folder = '';
  for (const shape of shapes) {
    await run(browsers, shape, async (row) => {
      rows.push(row);
      folder = await write(rows, machine); // after each, so that a run that is cut short leaves what it has
    });
  }
  process.stdout.write(`${markdown(rows)}\nalso in ${folder}\n`);
});

/** Brings people into one room, one after another, and measures whenever there is one more. */
async function run(browsers: Browsers, shape: Row['shape'], take: (row: Row) => Promise<void>): Promise<void> {
  const program = await Program.start({ flags: ['--mesh-max', shape === 'mesh' ? '99' : '0'] });
  const people = new People(browsers, () => Promise.resolve(program));
  const scene = new Scene(browsers, people);
  const there: Person[] = [];
  try {
    for (const name of names.slice(0, most)) {
      const person = await scene.arrive(name);
      const started = Date.now();
      await person.join();
      there.push(person);
      for (const one of there) await expect(one.call.getByRole('group')).toHaveCount(there.length, { timeout: 30_000 });
      if (there.length === 1) continue;
      const joined = await firstSight(person, there.length - 1, started);
      await expect(person.connection).toHaveText(shape === 'mesh' ? /^Direct/ : /^Relayed/);
      await take(await measure(shape, there, joined));
    }
  } finally {
    await people.close();
    await program.stop();
  }
}

/** Until the newcomer has seen each of the others, ms; NaN if that takes more than 20 s. */
async function firstSight(person: Person, others: number, started: number): Promise<number> {
  const firsts = async (): Promise<number[]> => {
    const film = await filmOf(person);
    return Object.values(film.sights).map((sights) => sights.find((one) => one.number >= 0)?.at ?? Number.NaN).filter((at) => !Number.isNaN(at));
  };
  const deadline = Date.now() + 20_000;
  while ((await firsts()).length < others) {
    if (Date.now() > deadline) return Number.NaN;
    await person.page.waitForTimeout(100);
  }
  return Math.max(...(await firsts())) - started;
}

interface Traffic {
  up: number; // bytes, video and sound
  down: number;
}

async function measure(shape: Row['shape'], there: Person[], joinMillis: number): Promise<Row> {
  await there[0]!.page.waitForTimeout(calmMillis);
  const [before, cpu] = [await Promise.all(there.map((one) => one.page.evaluate(traffic))), await usage()];
  const from = Date.now();
  await there[0]!.page.waitForTimeout(watchMillis);
  const to = Date.now();
  const [after, used] = [await Promise.all(there.map((one) => one.page.evaluate(traffic))), await usage()];
  const films = await Promise.all(there.map(filmOf));
  const seconds = (used.at - cpu.at) / 1_000;
  const kbps = (way: keyof Traffic): number =>
    after.reduce((sum, one, at) => sum + one[way] - before[at]![way], 0) / there.length / seconds / 125;
  const seen = films.flatMap((film) => sightsWithin(film, from, to));
  const latencies = seen.flatMap(({ latency }) => latency);
  const pairs = there.length * (there.length - 1);
  return {
    shape,
    people: there.length,
    joinMillis,
    fps: seen.reduce((sum, { latency }) => sum + latency.length, 0) / pairs / ((to - from) / 1_000),
    tilesMoving: seen.filter(({ latency }) => latency.length > 1).length / pairs,
    upKbps: kbps('up'),
    downKbps: kbps('down'),
    browserCores: (used.browser - cpu.browser) / seconds,
    serverCores: (used.server - cpu.server) / seconds,
    latencyMillis: quantile(latencies, 0.5),
    latency95Millis: quantile(latencies, 0.95),
    load: os.loadavg()[0]!,
  };
}

/** From the moment a picture was painted to the one it was seen, ms, for each new picture of each tile. */
function sightsWithin(film: Film, from: number, to: number): { latency: number[] }[] {
  return Object.entries(film.sights).map(([name, sights]) => ({
    latency: news(name, sights)
      .filter(({ at }) => at >= from && at < to)
      .map(({ at, number }) => ((((at / 10 - number) % 65_536) + 65_536) % 65_536) * 10 - 5), // painted numbers are rounded down
  }));
}

/** Runs in the page: what has gone over its connections so far. */
async function traffic(): Promise<Traffic> {
  const sum: Traffic = { up: 0, down: 0 };
  for (const connection of window.probe.connections) {
    if (connection.connectionState === 'closed') continue;
    const reports: Record<string, never>[] = Array.from((await connection.getStats()).values());
    for (const { type, bytesSent = 0, bytesReceived = 0 } of reports) {
      if (type !== 'transport') continue;
      sum.up += bytesSent;
      sum.down += bytesReceived;
    }
  }
  return sum;
}
