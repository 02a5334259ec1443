import type { Person } from './person';

/** What a person's video m-lines do at one moment. */
export interface Lines {
  up: number; // that send RTP
  layered: number; // of all, with simulcast
  down: number; // whose pictures are decoded
}

interface Counts {
  sent: Record<string, number>; // packets
  got: Record<string, number>; // frames
  layered: number;
}

/** Counts what went over a person's connections within half a second. */
export async function lines(person: Person): Promise<Lines> {
  const before = await person.page.evaluate(count);
  await person.page.waitForTimeout(500);
  const now = await person.page.evaluate(count);
  return { up: grown(before.sent, now.sent), layered: now.layered, down: grown(before.got, now.got) };
}

function grown(before: Record<string, number>, now: Record<string, number>): number {
  return Object.entries(now).filter(([line, number]) => number > (before[line] ?? 0)).length;
}

/** Runs in the page. */
async function count(): Promise<Counts> {
  const counts: Counts = { sent: {}, got: {}, layered: 0 };
  for (const [at, connection] of window.probe.connections.entries()) {
    if (connection.connectionState === 'closed') continue;
    const { sdp = '' } = connection.localDescription ?? {};
    counts.layered += sdp.split('a=simulcast:send').length - 1;
    const reports: Record<string, never>[] = Array.from((await connection.getStats()).values());
    for (const { type, kind, mid, packetsSent = 0, framesDecoded = 0 } of reports) {
      if (kind !== 'video') continue;
      const line = `${at} ${String(mid)}`;
      if (type === 'outbound-rtp') counts.sent[line] = (counts.sent[line] ?? 0) + packetsSent;
      if (type === 'inbound-rtp') counts.got[line] = (counts.got[line] ?? 0) + framesDecoded;
    }
  }
  return counts;
}
