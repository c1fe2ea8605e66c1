/**
 * The process around an app: signals, uncaught errors and the exit code. Reached from `app.run()` only, so that a
 * library user who calls `start()` and `close()` keeps the process to himself.
 *
 * SIGTERM and SIGINT ask for a graceful stop; a second one, or the deadline, ends the process with code 1 and no
 * half commit. An uncaught error ends it with code 70: nothing more is committed, a restart restores.
 */
import type { Env } from './env.ts'
import { messageOf } from './errors.ts'

/** What a stop may take beyond its deadline: the last commit and the release of what is open. */
const lastCommitMs = 2_000

export interface Host {
  /**
   * Calls `stop` on the first SIGTERM or SIGINT; it has `withinMs`. The returned function takes all handlers away again.
   */
  onStop(stop: (signal: string) => void, withinMs: number): () => void
}

export function processHost(env: Env): Host {
  return {
    onStop(stop, withinMs) {
      let asked = false
      let cancel = (): void => {}
      const onSignal = (signal: string): void => {
        if (asked) {
          env.log('error', `second ${signal}: leaving at once, without a final commit`)
          process.exit(1)
        }
        asked = true
        // A stop that hangs (a sink or a store that never answers) also lets the loop run empty: the timer holds it.
        cancel = env.timers.after(withinMs + lastCommitMs, () => {
          env.log('error', `${signal}: not stopped within ${withinMs} ms, leaving without the rest`)
          process.exit(1)
        })
        stop(signal)
      }
      const onUncaught = (error: unknown): void => {
        env.log('error', `uncaught error, leaving without a commit: ${messageOf(error)}`, {
          stack: error instanceof Error ? error.stack : undefined,
        })
        process.exit(70)
      }
      process.on('SIGTERM', onSignal)
      process.on('SIGINT', onSignal)
      process.on('uncaughtException', onUncaught)
      process.on('unhandledRejection', onUncaught)
      return () => {
        cancel()
        process.off('SIGTERM', onSignal)
        process.off('SIGINT', onSignal)
        process.off('uncaughtException', onUncaught)
        process.off('unhandledRejection', onUncaught)
      }
    },
  }
}
