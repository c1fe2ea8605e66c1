/** Finds the Java runtime that a server needs, or says why there is none. Kafka needs Java 17. */

import { join } from 'node:path'
import { ServerUnavailable } from './unavailable.ts'
import { runToEnd } from './run-to-end.ts'

const majorMin = 17
const remedy = `Install Java ${majorMin} or newer and put it on PATH or into JAVA_HOME.`

/** The `java` to call: that of JAVA_HOME when it is set, else the one on PATH. */
export async function requireJava(server: string): Promise<string> {
  const home = process.env['JAVA_HOME']
  const java = home ? join(home, 'bin', 'java') : 'java'
  const { failure, output } = await runToEnd(java, ['-version'], { withinMs: 30_000 })
  if (failure === 'not found') {
    throw new ServerUnavailable({ server, because: `${java} was not found`, remedy })
  }
  const major = javaMajor(output)
  if (failure !== undefined || major === undefined) {
    const because = `${java} -version does not answer with a version: ${failure ?? output.trim()}`
    throw new ServerUnavailable({ server, because, remedy })
  }
  if (major < majorMin) {
    const because = `${java} is version ${major}, older than ${majorMin}`
    throw new ServerUnavailable({ server, because, remedy })
  }
  return java
}

/** 17 from `openjdk version "17.0.15"`, 8 from `java version "1.8.0_392"`. */
export function javaMajor(versionOutput: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(versionOutput)
  return match ? Number(match[1]) : undefined
}
