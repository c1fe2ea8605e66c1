/**
 * Own keys that turn into prototype pollution as soon as somebody merges or assigns the object that
 * carries them: `Object.assign({}, parsed)` with an own `__proto__` sets the prototype. No serde
 * lets them in or writes them.
 */
export function isUnsafeKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype'
}
