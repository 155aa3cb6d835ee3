import type { SerializedError } from 'vitest'
import type { Reporter, TestModule, Vitest } from 'vitest/node'

/**
 * Ends a run with the line `N passed, N failed`, and in CI lets nothing be skipped: there, a skipped test is listed
 * and fails the run.
 */
export class SummaryReporter implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const named = (state: string): string[] =>
      tests
        .filter((test) => test.result().state === state)
        .map((test) => `${test.module.relativeModuleId} > ${test.fullName}`)
    // A file that does not load, a hook that throws and a stray rejection have no test to fail.
    const brokenSuites = modules
      .flatMap((module) => [module, ...module.children.allSuites()])
      .flatMap((one) => one.errors())
    const passed = named('passed').length
    const failed = named('failed').length + brokenSuites.length + unhandledErrors.length
    const skipped = [...named('skipped'), ...named('pending')]

    const lines = [`${passed} passed, ${failed} failed${skipped.length === 0 ? '' : `, ${skipped.length} skipped`}`]
    if (process.env.CI === 'true' && skipped.length > 0) {
      lines.unshift('In CI nothing may be skipped, but these were:', ...skipped.map((name) => `  ${name}`))
      process.exitCode = 1
    }
    this.#vitest?.logger.log(lines.join('\n'))
  }
}
