/** What `java -version` prints, by vendor and age. */

import { assert } from 'chai'
import { javaMajor } from './java.ts'

describe('the version of Java', () => {
  for (const { output, major } of [
    { output: 'openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', major: 17 },
    { output: 'openjdk version "21" 2023-09-19', major: 21 },
    { output: 'openjdk version "25-ea" 2025-09-16', major: 25 },
    { output: 'java version "1.8.0_392"', major: 8 },
    { output: 'Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "11.0.2"', major: 11 },
    { output: 'Unable to locate a Java Runtime.', major: undefined },
  ]) {
    it(`is ${major ?? 'unknown'} by ${JSON.stringify(output)}`, () => {
      assert.equal(javaMajor(output), major)
    })
  }
})
