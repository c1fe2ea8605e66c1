/**
 * `@millrace/core/testing`: the test driver, and the conformance suites that implementers of a port run. Loads under any test
 * runner and imports none.
 */
export { TestDriver } from './test-driver.ts'
export type { Testable, TestDriverOptions } from './test-driver.ts'
export type {
  TestKeyValueStore,
  TestSessionStore,
  TestStore,
  TestVersionedStore,
  TestWindowStore,
} from './driven-stores.ts'
export { levelForTests } from '../state/level/index.ts'
export type { LevelPool } from '../state/level/index.ts'
export { TestInputTopic, TestOutputTopic } from './test-topics.ts'
export type { InputRecord, TestRecord } from './test-topics.ts'
export { shake } from './simulation/shake.ts'
export type { ShakeOptions, Shaken } from './simulation/shake.ts'
export type { TestRow } from './test-batch.ts'
export type { CapturedRow } from './capture.ts'
export { seededRandom } from './seeded-random.ts'
export { casesOver } from './conformance/conformance.ts'
export type { ConformanceCase, Disposable } from './conformance/conformance.ts'
export { objectStoreSuite } from './conformance/object-store.ts'
export { sinkSuite } from './conformance/sink.ts'
export type { SinkSubject, SinkSuiteOptions } from './conformance/sink.ts'
export { logAdminSuite } from './conformance/log-admin.ts'
export type { LogSubject, LogSupport } from './conformance/log-subject.ts'
export { membershipSuite } from './conformance/membership.ts'
export { sourcePortSuite } from './conformance/source-port.ts'
export { deciderSuite } from './conformance/decider.ts'
export type { DeciderSubject, DeciderSupport, VisibleRow } from './conformance/decider.ts'
export { outletSuite } from './conformance/outlet.ts'
export { storeSuite } from './conformance/store.ts'
export type { StoreSubject } from './conformance/store.ts'
export { memoryState } from '../state/memory/index.ts'
export { MemoryLog, memorySink, memoryTopic } from '../log/memory/index.ts'
