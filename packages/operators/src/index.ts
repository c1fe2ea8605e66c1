/**
 * `@millrace/operators`: operators for `pipe`. Each is a plain function from handle to handle, run once while the
 * topology is built, and adds the same node as the method of its name: choose by reading.
 *
 * The factory is generic in the value, the function that it returns in the key. So values are inferred inside
 * `stream.pipe(...)`, and keys pass through whatever they are; functions see the key as `unknown`. Whoever needs its
 * type calls the method of the handle. An operator kept in a variable has its value type from its annotations alone and
 * narrows the stream to it: a reusable step is better a generic function of the handle.
 */
export { branch } from './branch/branch.ts'
export { eventTime } from './event-time/event-time.ts'
export { filter, filterNot } from './filter/filter.ts'
export { keyBy } from './key-by/key-by.ts'
export { flatMap, map } from './map/map.ts'
export { flatMapValues, mapValues } from './map-values/map-values.ts'
export { mapValuesAsync } from './map-values-async/map-values-async.ts'
export { peek } from './peek/peek.ts'
export { validate } from './validate/validate.ts'
