import { SUMMARIES } from './summaries.ts'

type Json = Readonly<Record<string, unknown>>

/** One way to call a path, as the validators describe it. */
export interface Operation {
  readonly parameters?: readonly Json[]
  readonly requestBody?: Json
  readonly [name: string]: unknown
}

export type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

/** A path's first word → what the routes below it are about. */
const TAGS: Readonly<Record<string, string>> = {
  team: 'Teams',
  key: 'Keys',
  user: 'Users',
  customer: 'Customers',
  end_user: 'Customers',
  budget: 'Budgets',
  spend: 'Spend',
  global: 'Spend',
  audit: 'Audit',
  model: 'Models',
  model_group: 'Models',
  models: 'Models',
  health: 'Health and metrics',
  metrics: 'Health and metrics',
  chat: 'Calls',
  completions: 'Calls',
  embeddings: 'Calls',
}

const PUBLIC = /^\/(health\/.*|docs.*|openapi\.json|routes)?$/

/** What clients send to models is relayed as it is: only this much of it is read. */
const LLM_BODY = {
  required: true,
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: { model: { type: 'string' }, stream: { type: 'boolean' } },
        required: ['model'],
        additionalProperties: true,
      },
    },
  },
}

const ERROR = { $ref: '#/components/responses/Error' }

/** What does not come from the validators. */
export const FRAME = {
  info: {
    title: 'Tollgate',
    version: '1',
    description:
      "An LLM gateway whose budgets hold. The routes and shapes are LiteLLM's; money is USD.",
  },
  components: {
    securitySchemes: { key: { type: 'http' as const, scheme: 'bearer' } },
    responses: {
      Error: {
        description: "A refusal in LiteLLM's envelope; `param` names the field that is meant.",
        content: {
          'application/json': {
            schema: {
              type: 'object' as const,
              properties: {
                error: {
                  type: 'object' as const,
                  properties: {
                    message: { type: 'string' as const },
                    type: { type: 'string' as const },
                    param: { type: ['string' as const, 'null' as const] },
                    code: { type: ['string' as const, 'integer' as const] },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
}

/** The validators' paths, each with what it does and what it may answer. */
export function described(paths: Paths): Paths {
  return mapValues(paths, (operations, path) =>
    mapValues(operations, (operation, method) => describedOperation(operation, { path, method })),
  )
}

interface Place {
  readonly path: string
  readonly method: string
}

function describedOperation(operation: Operation, { path, method }: Place): Operation {
  const tag = TAGS[plain(path).split('/')[1] ?? ''] ?? 'Tollgate'
  const isCall = method === 'post' && tag === 'Calls'
  return {
    ...operation,
    summary: summaryOf({ path, method }),
    tags: [tag],
    ...(isCall && { requestBody: LLM_BODY }),
    security: PUBLIC.test(path) ? [] : [{ key: [] }],
    responses: { '200': { description: 'Done.' }, '4XX': ERROR, '5XX': ERROR },
  }
}

/** Undefined: nobody said what it is for. */
export function summaryOf({ path, method }: Place): string | undefined {
  return SUMMARIES[`${method.toUpperCase()} ${plain(path)}`]
}

/** Calls are served with and without a version. */
function plain(path: string): string {
  return path.replace(/^\/v[12](?=\/)/, '')
}

function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A, name: string) => B,
): Record<string, B> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, change(value, name)]),
  )
}
