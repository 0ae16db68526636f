import type { Api } from './api.ts'

/** The models that the viewer may call. Throws an ApiProblem. */
export async function modelsOf(api: Api): Promise<readonly string[]> {
  const { data } = await api.get<{ data: readonly { id: string }[] }>('/v1/models')
  return data.map(({ id }) => id)
}
