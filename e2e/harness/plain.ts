// Prints what a test prints, and nothing of the tests themselves unless one fails.

import type { Reporter, TestCase, TestResult } from '@playwright/test/reporter';

export default class Plain implements Reporter {
  onStdOut(chunk: string | Buffer): void {
    process.stdout.write(chunk);
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status === 'passed') return;
    process.stderr.write(`${test.title}: ${result.status}\n`);
    for (const error of result.errors) process.stderr.write(`${error.stack ?? error.message ?? ''}\n`);
  }

  printsToStdio(): boolean {
    return true;
  }
}
