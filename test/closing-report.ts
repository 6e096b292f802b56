// A vitest reporter that tells test/run.ts how it ended: the counts, and why each skipped test was skipped.
import { writeSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";

export interface Skipped {
  /** File, suites and test: `test/a.test.ts > suite > test`. */
  readonly name: string;
  /** Undefined where the test gave none. */
  readonly reason: string | undefined;
}

export interface Retried {
  readonly name: string;
  /** What the first try failed with. */
  readonly failed: string;
}

export interface ClosingReport {
  readonly passed: number;
  /** Failed tests, files that could not be loaded, and errors outside any test. */
  readonly failed: number;
  readonly skipped: readonly Skipped[];
  /** Tests that passed, but not at the first try; they are counted as passed. */
  readonly retried: readonly Retried[];
}

/** The pipe that test/run.ts holds the other end of. */
export const reportDescriptor = 3;

const nameOf = (test: TestCase, module: TestModule): string => `${module.relativeModuleId} > ${test.fullName}`;

const skippedBy = (test: TestCase, module: TestModule): Skipped => {
  const result = test.result();
  return { name: nameOf(test, module), reason: result.state === "skipped" ? result.note : undefined };
};

/** Counts a finished run. A file that failed without a failing test of its own (an import, a hook) counts as one failure. */
export function closingReport(modules: readonly TestModule[], strayErrors: number): ClosingReport {
  let passed = 0;
  let failed = strayErrors;
  const skipped: Skipped[] = [];
  const retried: Retried[] = [];
  for (const module of modules) {
    const before = failed;
    for (const test of module.children.allTests()) {
      const { state, errors = [] } = test.result();
      if (state === "passed") passed += 1;
      else if (state === "skipped") skipped.push(skippedBy(test, module));
      else failed += 1;
      if (test.diagnostic()?.flaky === true)
        retried.push({ name: nameOf(test, module), failed: errors[0]?.message ?? "" });
    }
    if (failed === before && !module.ok()) failed += 1;
  }
  return { passed, failed, skipped, retried };
}

export default class implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], strayErrors: readonly unknown[]): void {
    writeSync(reportDescriptor, JSON.stringify(closingReport(modules, strayErrors.length)));
  }
}
