/** Peek: calls the user's function for its side effect and passes the row on. `foreach` is a peek that absorbs it. */
import { RowOperator } from './row-operator.ts'
import { Step, stepKinds } from './step.ts'

export class Peek extends RowOperator {
  constructor(look: (value: unknown, key: unknown) => unknown, absorbs: boolean) {
    super(new Step(absorbs ? stepKinds.absorb : stepKinds.look, look))
  }
}
