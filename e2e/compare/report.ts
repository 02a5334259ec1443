// The table, the page with charts and the raw data.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface Row {
  shape: 'mesh' | 'relay';
  people: number;
  joinMillis: number; // click on "Join" to the last of the others' first pictures
  fps: number; // new pictures per second and tile, as seen
  tilesMoving: number; // part of all tiles of others, 0 to 1
  upKbps: number; // per person
  downKbps: number;
  browserCores: number; // all browsers together
  serverCores: number;
  latencyMillis: number; // from painting to seeing, median
  latency95Millis: number;
  load: number; // of the machine, one minute's average
}

const columns: { title: string; of: (row: Row) => number; digits: number }[] = [
  { title: 'time to join, ms', of: (row) => row.joinMillis, digits: 0 },
  { title: 'pictures per second and tile', of: (row) => row.fps, digits: 1 },
  { title: 'tiles that move, %', of: (row) => row.tilesMoving * 100, digits: 0 },
  { title: 'up per person, kbit/s', of: (row) => row.upKbps, digits: 0 },
  { title: 'down per person, kbit/s', of: (row) => row.downKbps, digits: 0 },
  { title: 'browsers, cores', of: (row) => row.browserCores, digits: 2 },
  { title: 'server, cores', of: (row) => row.serverCores, digits: 3 },
  { title: 'latency p50, ms', of: (row) => row.latencyMillis, digits: 0 },
  { title: 'latency p95, ms', of: (row) => row.latency95Millis, digits: 0 },
  { title: 'load of the machine', of: (row) => row.load, digits: 1 },
];

/** Mesh beside relay, one line for each number of people. */
export function markdown(rows: readonly Row[]): string {
  const counts = [...new Set(rows.map((row) => row.people))];
  const cell = (row: Row | undefined, at: number): string => {
    const value = row ? columns[at]!.of(row) : Number.NaN;
    return Number.isNaN(value) ? '-' : value.toFixed(columns[at]!.digits);
  };
  const pair = (people: number, at: number): string =>
    (['mesh', 'relay'] as const).map((shape) => cell(rows.find((row) => row.people === people && row.shape === shape), at)).join(' / ');
  return [
    `| mesh / relay | ${counts.map((people) => `${people} people`).join(' | ')} |`,
    `|---|${counts.map(() => '---').join('|')}|`,
    ...columns.map(({ title }, at) => `| ${title} | ${counts.map((people) => pair(people, at)).join(' | ')} |`),
  ].join('\n');
}

const [wide, high, edge] = [420, 240, 40];
const colours = { mesh: '#2a6fdb', relay: '#d9631e' };

function chart({ title, of, digits }: (typeof columns)[number], rows: readonly Row[]): string {
  const known = rows.filter((row) => Number.isFinite(of(row)));
  const top = Math.max(...known.map(of), 1e-9) * 1.1;
  const counts = rows.map((row) => row.people);
  const [least, span] = [Math.min(...counts), Math.max(1, Math.max(...counts) - Math.min(...counts))];
  const x = (row: Row): number => edge + ((row.people - least) / span) * (wide - 2 * edge);
  const y = (row: Row): number => high - edge - (of(row) / top) * (high - 2 * edge);
  const line = (shape: Row['shape']): string => {
    const own = known.filter((row) => row.shape === shape);
    const dots = own.map((row) => `<circle cx="${x(row)}" cy="${y(row)}" r="3"><title>${row.people} people: ${of(row).toFixed(digits)}</title></circle>`).join('');
    const label = own.map((row) => `<text x="${x(row)}" y="${y(row) - 8}" text-anchor="middle">${of(row).toFixed(digits)}</text>`).join('');
    return `<g fill="${colours[shape]}"><polyline fill="none" stroke="${colours[shape]}" points="${own.map((row) => `${x(row)},${y(row)}`).join(' ')}"/>${dots}${label}</g>`;
  };
  const ticks = [...new Set(rows.map((row) => row.people))].map((people) => {
    const row = rows.find((one) => one.people === people)!;
    return `<text x="${x(row)}" y="${high - edge + 18}" text-anchor="middle">${people}</text>`;
  });
  return `<figure><figcaption>${title}</figcaption><svg viewBox="0 0 ${wide} ${high}" role="img" aria-label="${title}"><path d="M${edge} ${edge}V${high - edge}H${wide - edge}" fill="none" stroke="#888"/>${ticks.join('')}${line('mesh')}${line('relay')}</svg></figure>`;
}

function page(rows: readonly Row[], machine: string): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Mesh beside relay</title>
<style>body{font:16px system-ui;margin:2rem;max-width:70rem}main{display:flex;flex-wrap:wrap;gap:1rem}figure{margin:0;width:${wide}px}svg{font:11px system-ui}</style>
<h1>Mesh beside relay</h1>
<p><b style="color:${colours.mesh}">mesh</b> and <b style="color:${colours.relay}">relay</b>, by the number of people. ${machine}.</p>
<main>${columns.map((column) => chart(column, rows)).join('\n')}</main></html>
`;
}

/** Writes everything, and returns where. */
export async function write(rows: readonly Row[], machine: string): Promise<string> {
  const folder = path.resolve(import.meta.dirname, '../out/compare');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'README.md'), `# Mesh beside relay\n\n${machine}.\n\n${markdown(rows)}\n`);
  await writeFile(path.join(folder, 'index.html'), page(rows, machine));
  await writeFile(path.join(folder, 'raw.json'), `${JSON.stringify({ machine, rows }, null, 2)}\n`);
  return folder;
}
