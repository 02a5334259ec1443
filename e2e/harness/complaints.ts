// Everything that a page complains about. A call that works writes none of it.

import { expect, type Page } from '@playwright/test';

export class Complaints {
  private readonly heard: string[] = [];
  private readonly allowed: RegExp[] = [];
  private readonly pages = new Set<Page>();

  watch(page: Page): void {
    this.pages.add(page);
    page.on('console', (message) => {
      if (message.type() === 'error') this.heard.push(`console: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.heard.push(`error: ${error.stack ?? error.message}`));
    page.on('response', (response) => {
      if (response.status() >= 400) this.heard.push(`${response.status()}: ${response.url()}`);
    });
  }

  /** Lets a test expect what the browser itself writes, such as a line that could not be opened. */
  allow(pattern: RegExp): void {
    this.allowed.push(pattern);
  }

  /** Asks the pages for the policy's reports, before they close. */
  async collect(): Promise<void> {
    for (const page of this.pages) {
      const violations = await page.evaluate(() => window.probe?.violations ?? []).catch(() => []);
      this.heard.push(...violations.map((violation) => `policy: ${violation}`));
    }
  }

  check(): void {
    const left = this.heard.filter((one) => !this.allowed.some((pattern) => pattern.test(one)));
    expect(left, 'what the pages complained about').toEqual([]);
  }
}
