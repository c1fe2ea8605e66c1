/**
 * The jars of one version of Apache Kafka, downloaded once by Maven into
 *
 *     .cache/kafka/<version>/*.jar
 *     .cache/kafka/<version>/complete    written last: without it the folder does not count
 *     .cache/kafka/<version>.lock        while somebody downloads
 *
 * in the root of the repository. git ignores the folder, CI may keep it between runs.
 */

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLock } from './lock-file.ts'
import { runToEnd } from './run-to-end.ts'
import { ServerUnavailable } from './unavailable.ts'

const server = 'Kafka broker'
const cache = fileURLToPath(new URL('../../.cache/kafka', import.meta.url))
const pom = fileURLToPath(new URL('kafka-jars.pom.xml', import.meta.url))
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
const downloadWithinMs = 5 * 60_000

/** The folder of the jars; downloads them when they are not there yet. */
export async function kafkaJars(version: string): Promise<string> {
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`not a version of Kafka: ${version}`)
  const jars = join(cache, version)
  const isComplete = (): boolean => existsSync(join(jars, 'complete'))
  if (isComplete()) return jars
  await withLock(`${jars}.lock`, { heldMsMax: downloadWithinMs + 30_000 }, async () => {
    if (!isComplete()) await download(version, jars)
  })
  return jars
}

async function download(version: string, jars: string): Promise<void> {
  const partial = `${jars}.${process.pid}.partial`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true })
  try {
    await copyJars(version, partial)
    writeFileSync(join(partial, 'complete'), '')
    rmSync(jars, { recursive: true, force: true })
    renameSync(partial, jars)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

async function copyJars(version: string, folder: string): Promise<void> {
  // -U: what was not found once is asked for again.
  const args = ['-q', '-B', '-U', '-f', pom, `-Dkafka.version=${version}`, plugin]
  args.push('-DincludeScope=runtime', `-DoutputDirectory=${folder}`)
  const { failure, output } = await runToEnd('mvn', args, { withinMs: downloadWithinMs })
  if (failure === undefined) return
  if (failure === 'not found') {
    throw new ServerUnavailable({
      server,
      because: `the jars of Kafka ${version} are not in .cache/kafka and mvn was not found`,
      remedy: 'Install Maven and put mvn on PATH; it is needed for the first run only.',
    })
  }
  // Its first complaint is the one that says what; before it stands an escape code, colours or not.
  const said = /\[ERROR\] (\S.*?)(?= -> \[Help|$)/m.exec(output)?.[1] ?? failure
  throw new ServerUnavailable({
    server,
    because: `Maven could not download the jars of Kafka ${version} (${said})`,
    remedy: 'Run it once with network access; they are kept in .cache/kafka.',
  })
}
