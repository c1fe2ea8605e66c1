/**
 * The process around an app: signals, uncaught errors and the exit code. Reached from `app.run()` only, so that a
 * library user who calls `start()` and `close()` keeps the process to himself.
 *
 * SIGTERM and SIGINT ask for a graceful stop; a second one, or the deadline, ends the process with code 1 and no
 * half commit. An uncaught error ends it with code 70: nothing more is committed, a restart restores.
 */
import type { Env } from './env.ts'
import { messageOf } from './errors.ts'

export interface Host {
  /** Calls `stop` on the first SIGTERM or SIGINT. The returned function takes all handlers away again. */
  onStop(stop: (signal: string) => void): () => void
}

export function processHost(env: Env): Host {
  return {
    onStop(stop) {
      let asked = false
      const onSignal = (signal: string): void => {
        if (asked) {
          env.log('error', `second ${signal}: leaving at once, without a final commit`)
          process.exit(1)
        }
        asked = true
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
        process.off('SIGTERM', onSignal)
        process.off('SIGINT', onSignal)
        process.off('uncaughtException', onUncaught)
        process.off('unhandledRejection', onUncaught)
      }
    },
  }
}
