// CPU that processes have used, from /proc (Linux only).

import { readdir, readFile } from 'node:fs/promises';

const ticksPerSecond = 100; // USER_HZ, which Linux promises to programs

export interface Usage {
  browser: number; // seconds of CPU so far
  server: number;
  at: number; // ms
}

/** Of all browsers and programs that this process has started. */
export async function usage(): Promise<Usage> {
  const all = await processes();
  const sum = { browser: 0, server: 0 };
  for (const one of all.values()) {
    if (!descends(one.pid, all)) continue;
    if (one.name.startsWith('chrom')) sum.browser += one.seconds;
    if (one.name === 'parley' && one.up) sum.server += one.seconds;
  }
  return { ...sum, at: performance.now() };
}

interface Process {
  pid: number;
  parent: number;
  name: string;
  up: boolean; // the server, not a bot
  seconds: number;
}

async function processes(): Promise<Map<number, Process>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => read(pid).catch(() => undefined))); // it may be gone by now
  return new Map(found.filter((one) => one !== undefined).map((one) => [one.pid, one]));
}

async function read(pid: number): Promise<Process> {
  const [stat, command] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/cmdline`, 'utf8')]);
  const end = stat.lastIndexOf(')');
  const fields = stat.slice(end + 2).split(' '); // from field 3, the state
  return {
    pid,
    parent: Number(fields[1]),
    name: stat.slice(stat.indexOf('(') + 1, end),
    up: command.split('\0')[1] === 'up',
    seconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
  };
}

function descends(pid: number, all: Map<number, Process>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = all.get(at)?.parent) if (at === process.pid) return true;
  return false;
}
