// What a switch costs those who watch and listen: PARLEY_SWITCHES times to the relay and back (5 unless given), in a room of
// five and in one of six; then the same with pages that tear the old ways down first.
//
// Two people in Chromium and one bot stay; more bots come, which moves the room to the relay, and go. Each figure
// stands beside the same one of an equally long stretch without a switch, for a busy machine has gaps of its own.

import os from 'node:os';
import { Bots } from '../harness/bots';
import type { Browsers } from '../harness/browsers';
import { backwards, longestGap, quantile, reordered, swaps } from '../harness/cut';
import { expect, People, test } from '../harness/parley';
import type { Person } from '../harness/person';
import { breakFirst } from '../harness/probe/breakfirst';
import { Program } from '../harness/program';
import { filmOf, Scene, tapeOf } from '../harness/scene';
import { listen, loudness } from '../harness/sound';

const rounds = Number(process.env.PARLEY_SWITCHES ?? 5);
const windowMillis = 4_000;

type Way = 'to the relay' | 'to the mesh';

/** One switch as one viewer lived through it. */
interface Lived {
  viewer: string;
  way: Way;
  at: number; // when the page said so
  share: number; // bitrate of the other person's picture 2 to 4 s after, as a share of before
}

for (const [title, people, tears, times] of [
  ['five people', 5, false, rounds],
  ['six people', 6, false, rounds],
  ['five people, old ways torn down first', 5, true, Math.ceil(rounds / 5)],
] as const) {
  test(`switch: ${title}`, async ({ browsers }) => {
    test.setTimeout((60 + times * 60) * 1_000);
    process.stdout.write(`\n${title}, ${times} times each way\n`);
    await campaign(browsers, { people, tears, times });
  });
}

async function campaign(browsers: Browsers, how: { people: number; tears: boolean; times: number }): Promise<void> {
  const program = await Program.start({ flags: ['--mesh-max', '4', '--hold', '1s'] });
  const people = new People(browsers, () => Promise.resolve(program));
  const scene = new Scene(browsers, people, how.tears ? [breakFirst] : []);
  const crowd: Bots[] = [];
  const lived: Lived[] = [];
  try {
    const viewers = [await scene.join('Ann'), await scene.join('Bob')];
    crowd.push(new Bots({ url: program.url, name: 'Bot stays' }));
    for (const viewer of viewers) await expect(viewer.call.getByRole('group')).toHaveCount(3);
    for (let round = 0; round < how.times; round++) {
      await calm(viewers);
      const before = await Promise.all(viewers.map(rate));
      const guests = new Bots({ url: program.url, name: 'Bot guest', count: how.people - 3 });
      crowd.push(guests);
      lived.push(...(await live(viewers, 'to the relay', before)));
      await calm(viewers);
      const relayed = await Promise.all(viewers.map(rate));
      await guests.leave();
      lived.push(...(await live(viewers, 'to the mesh', relayed)));
    }
    await calm(viewers);
    await report(viewers, lived);
  } finally {
    await Promise.all(crowd.map((bots) => bots.leave()));
    await people.close();
    await program.stop();
  }
}

/** A stretch to compare with: nothing happens. */
async function calm(viewers: Person[]): Promise<void> {
  await viewers[0]!.page.waitForTimeout(windowMillis + 4_000);
}

/** Waits for one switch, and for what follows it. */
function live(viewers: Person[], way: Way, before: number[]): Promise<Lived[]> {
  return Promise.all(
    viewers.map(async (viewer, index) => {
      const word = way === 'to the relay' ? 'Relayed' : 'Direct';
      await expect(viewer.connection).toHaveText(new RegExp(`^${word}`), { timeout: 40_000 });
      const at = (await filmOf(viewer)).statuses.findLast(({ text }) => text.startsWith(word))!.at;
      await viewer.page.waitForTimeout(Math.max(0, at + 2_000 - Date.now()));
      const after = await rate(viewer);
      return { viewer: viewer.name, way, at, share: after / before[index]! };
    }),
  );
}

/** What comes in during 2 s of the picture that is seen of the other person at the end of them, bytes. */
async function rate(viewer: Person): Promise<number> {
  const first = await viewer.page.evaluate(bytes);
  await viewer.page.waitForTimeout(2_000);
  const then = await viewer.page.evaluate(bytes);
  return (then.bytes[then.seen] ?? 0) - (first.bytes[then.seen] ?? 0);
}

/** Runs in the page: bytes ever received per track, and the track that is seen of the other person. */
async function bytes(): Promise<{ bytes: Record<string, number>; seen: string }> {
  const tile = [...document.querySelectorAll('[aria-label="Call"] [role="group"]')].find((one) => /^(Ann|Bob),(?! you)/.test(one.ariaLabel ?? ''));
  const video = [...(tile?.querySelectorAll('video') ?? [])].findLast((one) => one.checkVisibility({ opacityProperty: true }));
  const seen = video?.srcObject instanceof MediaStream ? (video.srcObject.getVideoTracks()[0]?.id ?? '') : '';
  const known: Record<string, number> = {};
  for (const connection of window.probe.connections) {
    if (connection.connectionState === 'closed') continue;
    const reports: Record<string, never>[] = Array.from((await connection.getStats()).values());
    for (const one of reports) if (one.type === 'inbound-rtp') known[one.trackIdentifier!] = one.bytesReceived ?? 0;
  }
  return { bytes: known, seen };
}

interface Figures {
  gap: number[]; // extra at the swap
  worst: number[]; // extra, the worst of all tiles in the window
  silence: number[];
  doubled: number[];
}

async function report(viewers: Person[], lived: Lived[]): Promise<void> {
  const figures: Record<string, Figures> = {};
  const wrong: string[] = [];
  const blank: string[] = [];
  let recorderLost = 0;
  for (const viewer of viewers) {
    const [film, tape] = [await filmOf(viewer), await tapeOf(viewer)];
    wrong.push(...backwards(film), ...reordered(film).filter((pair) => !pair.includes('guest')).map((pair) => `${pair} reordered`));
    blank.push(...Object.entries(film.blank).filter(([name]) => !name.startsWith('Bot guest')).map(([name, millis]) => `${viewer.name}'s ${name} ${millis.toFixed(0)} ms`));
    const stays = Object.keys(film.sights).filter((name) => !name.startsWith('Bot guest'));
    for (const { at, way } of lived.filter((one) => one.viewer === viewer.name)) {
      for (const [title, start] of [[way, at], [`before, ${way}`, at - windowMillis - 500]] as const) {
        const into = (figures[title] ??= { gap: [], worst: [], silence: [], doubled: [] });
        const usual = loudness(tape, [at - windowMillis - 500, at - 500]);
        for (const name of stays) {
          const normal = quantile(gaps(film.sights[name]!.map((one) => one.at), at - windowMillis - 500, at - 500), 0.5);
          into.worst.push(longestGap(film, name, start, start + windowMillis) - normal);
          const swap = swaps(film).find((one) => one.name === name && one.at >= start && one.at < start + 2 * windowMillis);
          if (title === way && swap) into.gap.push(swap.gap - normal);
        }
        const heard = listen(tape, [start, start + windowMillis], usual);
        into.silence.push(heard.silence);
        into.doubled.push(heard.doubled);
        recorderLost += heard.lost;
      }
    }
  }
  print(figures, lived);
  const load = os.loadavg()[0]!.toFixed(1);
  process.stdout.write(`pictures that went back in time or tiles that changed places: ${wrong.length}${wrong.length > 0 ? ` (${wrong.slice(0, 5).join('; ')})` : ''}\n`);
  process.stdout.write(`tiles that went blank: ${blank.join(', ') || 'none'}; lost by the recorder: ${recorderLost} ms; load ${load} on ${os.cpus().length} cores\n`);
}

function gaps(times: number[], from: number, to: number): number[] {
  const within = times.filter((at) => at >= from && at < to);
  return within.slice(1).map((at, index) => at - within[index]!);
}

function print(figures: Record<string, Figures>, lived: Lived[]): void {
  const lines = ['| p50 / p95, ms | extra gap at the swap | worst extra gap within 4 s | silence | doubled | bitrate after 2 s, p50 / p5 |', '|---|---|---|---|---|---|'];
  for (const [title, { gap, worst, silence, doubled }] of Object.entries(figures)) {
    const shares = lived.filter((one) => one.way === title).map((one) => one.share * 100);
    const share = shares.length === 0 ? '-' : `${quantile(shares, 0.5).toFixed(0)} % / ${quantile(shares, 0.05).toFixed(0)} %`;
    lines.push(`| ${title} | ${both(gap)} | ${both(worst)} | ${both(silence)} | ${both(doubled)} | ${share} |`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

function both(values: number[]): string {
  if (values.length === 0) return '-';
  return `${quantile(values, 0.5).toFixed(0)} / ${quantile(values, 0.95).toFixed(0)} (n = ${values.length})`;
}
