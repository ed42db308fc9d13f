/** The bodies of the API under short names; schema.d.ts is generated from the service's own description. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type SceneSpec = Schemas['SceneSpec'];
export type ThingSpec = Schemas['ThingSpec'];
export type World = Schemas['WorldBody'];
export type WorldPage = Schemas['WorldList'];
export type WorldState = World['state'];
export type Visibility = World['visibility'];
export type Operation = Schemas['OperationBody'];
export type OperationPage = Schemas['OperationList'];
/** What an event says of an operation: less than the operation itself. */
export type OperationEvent = Pick<Operation, keyof Schemas['EventBody'] & keyof Operation>;
export type Progress = Schemas['ProgressBody'];
export type Recipes = Schemas['RecipeList'];
export type Recipe = Schemas['RecipeBody'];
export type MediaAsset = Schemas['MediaAssetBody'];
export type PreparedAsset = Schemas['PreparedBody'];
/** What the words mean, before anything is made. */
export type Reading = Schemas['ReadingBody'];
export type TagCount = Schemas['TagBody'];
export type Order = 'newest' | 'oldest' | 'name' | 'splats';
export type FieldError = { pointer: string; message: string };

/** What is sent: fields that have a default may be left out. */
export type GenerateRequest = Partial<Schemas['GenerateBody']>;
export type PatchRequest = Partial<Schemas['PatchBody']>;
export type ExportRequest = Pick<Schemas['ExportBody'], 'format'> & Partial<Schemas['ExportBody']>;
export type RenderRequest = Partial<Schemas['RenderBody']>;
export type PrepareRequest = Pick<Schemas['PrepareBody'], 'file_name' | 'kind'> & Partial<Schemas['PrepareBody']>;

/** Which worlds a list holds. */
export interface WorldQuery {
  q?: string;
  tag?: string;
  state?: WorldState;
  order?: Order;
  cursor?: string;
  page_size?: number;
}
