// A small internet of network namespaces: a router, which the program runs on, and two people behind
// it. Their media passes the router, their signaling ends there, so either can be cut alone. Needs root.
//
//     ann 10.77.1.2 --- router 10.77.0.1 --- 10.77.2.2 bob

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from '@playwright/test';
import { launch } from './browsers';
import { Program } from './program';

const run = promisify(execFile);
const within = path.resolve(import.meta.dirname, 'within.sh');
const routed = '/proc/sys/net/ipv4/ip_forward';

/** Whether this machine lets the tests make networks. */
export const possible = process.getuid?.() === 0;

type Side = 1 | 2;

export class Lab {
  readonly url = 'https://10.77.0.1:8080';
  private readonly prefix = `parley${process.pid}`;
  private readonly browsers: Browser[] = [];
  private program: Program | undefined;

  static async open(more: string[] = []): Promise<Lab> {
    const lab = new Lab();
    await lab.build();
    // The certificate makes the pages secure; the browsers are told to take it.
    const flags = ['--self-signed', ...more];
    lab.program = await Program.start({ host: '0.0.0.0', flags, within: ['ip', 'netns', 'exec', lab.space(0)] });
    return lab;
  }

  private space(side: Side | 0): string {
    return `${this.prefix}-${side}`;
  }

  private async build(): Promise<void> {
    for (const side of [0, 1, 2] as const) {
      await run('ip', ['netns', 'add', this.space(side)]);
      // An address that appears later, as in IPv6, would be a change of network to the browsers.
      await this.write(side, '1', '/proc/sys/net/ipv6/conf/all/disable_ipv6');
      await this.ip(side, 'link set lo up');
    }
    await this.ip(0, 'addr add 10.77.0.1/32 dev lo');
    for (const side of [1, 2] as const) {
      await this.ip(0, `link add side${side} type veth peer name eth0 netns ${this.space(side)}`);
      await this.ip(0, `addr add 10.77.${side}.1/24 dev side${side}`);
      await this.ip(0, `link set side${side} up`);
      await this.ip(side, `addr add 10.77.${side}.2/24 dev eth0`);
      await this.ip(side, 'link set eth0 up');
      await this.ip(side, `route add default via 10.77.${side}.1`);
    }
    await this.mendMedia();
  }

  private async ip(side: Side | 0, words: string): Promise<void> {
    await run('ip', ['-n', this.space(side), ...words.split(' ')]);
  }

  private async write(side: Side | 0, value: '0' | '1', file: string): Promise<void> {
    await run('ip', ['netns', 'exec', this.space(side), 'sh', '-c', `echo ${value} > ${file}`]);
  }

  /** A browser of the person on that side. */
  async browser(side: Side): Promise<Browser> {
    const browser = await launch('usual', { executablePath: within, env: { PARLEY_NETNS: this.space(side) } });
    this.browsers.push(browser);
    return browser;
  }

  /** Drops what the two send each other, without a word. */
  cutMedia(): Promise<void> {
    return this.write(0, '0', routed);
  }

  mendMedia(): Promise<void> {
    return this.write(0, '1', routed);
  }

  /** Drops whatever goes to that person, from the program too. */
  cutAll(side: Side): Promise<void> {
    return this.ip(0, `route add blackhole 10.77.${side}.2/32`);
  }

  /** Ends the way between the two for good, and opens another one that nobody has tried yet. */
  async reroute(): Promise<void> {
    await this.ip(0, 'rule add iif side1 to 10.77.2.2/32 blackhole');
    await this.ip(0, `link add side3 type veth peer name eth1 netns ${this.space(2)}`);
    await this.ip(0, 'addr add 10.77.3.1/24 dev side3');
    await this.ip(0, 'link set side3 up');
    await this.ip(2, 'addr add 10.77.3.2/24 dev eth1');
    await this.ip(2, 'link set eth1 up');
    await this.ip(2, 'route add 10.77.1.0/24 via 10.77.3.1');
  }

  /** Gives that person another address, as somebody has who goes from one network to the next. */
  async move(side: Side): Promise<void> {
    await this.ip(side, `addr del 10.77.${side}.2/24 dev eth0`);
    await this.ip(side, `addr add 10.77.${side}.3/24 dev eth0`);
    await this.ip(side, `route replace default via 10.77.${side}.1`);
  }

  async close(): Promise<void> {
    await Promise.all(this.browsers.map((browser) => browser.close()));
    await this.program?.stop();
    for (const side of [0, 1, 2] as const) await run('ip', ['netns', 'del', this.space(side)]).catch(() => undefined);
  }
}
