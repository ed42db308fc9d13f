/** GLB reader for the meshes of a world: named triangles with what the world says about them; no materials, no textures. */
import { DamagedFile } from './download';
import type { Triple } from './pose';

export interface SolidMesh {
  name: string;
  /** The thing it belongs to; 0 is ground and backdrop. */
  thingId: number;
  /** x, y, z in metres, world frame. */
  positions: Float32Array;
  indices: Uint32Array;
}

interface Accessor {
  bufferView: number;
  byteOffset?: number;
  componentType: number;
  count: number;
  type: string;
}

interface Document {
  nodes?: {
    name?: string;
    mesh?: number;
    children?: number[];
    translation?: number[];
    rotation?: number[];
    scale?: number[];
    matrix?: number[];
    extras?: { id?: number };
  }[];
  scenes?: { nodes?: number[] }[];
  scene?: number;
  meshes?: { primitives: { attributes: Record<string, number>; indices?: number; mode?: number }[] }[];
  accessors?: Accessor[];
  bufferViews?: { byteOffset?: number; byteLength: number; byteStride?: number }[];
}

const GLB = 0x46546c67;
const JSON_CHUNK = 0x4e4f534a;
const TRIANGLES = 4;
const FLOAT = 5126;

/** The meshes of a GLB file; throws DamagedFile where it is none. */
export function readGlb(bytes: ArrayBuffer): SolidMesh[] {
  const { document, binary } = chunksOf(bytes);
  const meshes: SolidMesh[] = [];
  const roots = document.scenes?.[document.scene ?? 0]?.nodes ?? [];
  const visit = (index: number, above: Matrix, thingId: number): void => {
    const node = document.nodes?.[index];
    if (!node) throw new DamagedFile('a mesh names a part that it does not have');
    const matrix = multiplied(above, matrixOf(node));
    const id = node.extras?.id ?? thingId;
    for (const primitive of node.mesh === undefined ? [] : (document.meshes?.[node.mesh]?.primitives ?? [])) {
      if ((primitive.mode ?? TRIANGLES) !== TRIANGLES) continue;
      const positions = moved(floats(document, binary, primitive.attributes.POSITION ?? -1), matrix);
      const indices = primitive.indices === undefined ? counted(positions.length / 3) : integers(document, binary, primitive.indices);
      meshes.push({ name: node.name ?? '', thingId: id, positions, indices });
    }
    for (const child of node.children ?? []) visit(child, matrix, id);
  };
  for (const root of roots) visit(root, IDENTITY, 0);
  return meshes;
}

function chunksOf(bytes: ArrayBuffer): { document: Document; binary: DataView } {
  const view = new DataView(bytes);
  if (view.byteLength < 20 || view.getUint32(0, true) !== GLB) throw new DamagedFile('it is not a GLB file');
  const jsonLength = view.getUint32(12, true);
  if (view.getUint32(16, true) !== JSON_CHUNK || 20 + jsonLength > view.byteLength) throw new DamagedFile('the file is cut short');
  const document = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 20, jsonLength))) as Document;
  const start = 20 + jsonLength + 8;
  if (start > view.byteLength) return { document, binary: new DataView(new ArrayBuffer(0)) };
  const length = view.getUint32(20 + jsonLength, true);
  if (start + length > view.byteLength) throw new DamagedFile('the file is cut short');
  return { document, binary: new DataView(bytes, start, length) };
}

function floats(document: Document, binary: DataView, index: number): Float32Array {
  const { accessor, offset, stride } = placeOf(document, index, 12);
  if (accessor.componentType !== FLOAT || accessor.type !== 'VEC3') throw new DamagedFile('a mesh has positions of an unknown kind');
  const values = new Float32Array(accessor.count * 3);
  for (let k = 0; k < accessor.count; k += 1)
    for (let axis = 0; axis < 3; axis += 1) values[3 * k + axis] = binary.getFloat32(offset + k * stride + 4 * axis, true);
  return values;
}

function integers(document: Document, binary: DataView, index: number): Uint32Array {
  const width = { 5121: 1, 5123: 2, 5125: 4 }[document.accessors?.[index]?.componentType ?? 0];
  if (!width) throw new DamagedFile('a mesh has corners of an unknown kind');
  const { accessor, offset, stride } = placeOf(document, index, width);
  const read = { 1: binary.getUint8, 2: binary.getUint16, 4: binary.getUint32 }[width]!.bind(binary);
  return Uint32Array.from({ length: accessor.count }, (_, k) => read(offset + k * stride, true));
}

function placeOf(document: Document, index: number, packedBytes: number): { accessor: Accessor; offset: number; stride: number } {
  const accessor = document.accessors?.[index];
  const piece = accessor && document.bufferViews?.[accessor.bufferView];
  if (!accessor || !piece) throw new DamagedFile('a mesh names numbers that it does not have');
  return { accessor, offset: (piece.byteOffset ?? 0) + (accessor.byteOffset ?? 0), stride: piece.byteStride ?? packedBytes };
}

/** Column by column, as glTF has it; the last row is 0 0 0 1. */
type Matrix = readonly number[];
const IDENTITY: Matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

function matrixOf(node: NonNullable<Document['nodes']>[number]): Matrix {
  if (node.matrix) return node.matrix;
  const [x, y, z, w] = (node.rotation ?? [0, 0, 0, 1]) as [number, number, number, number];
  const [sx, sy, sz] = (node.scale ?? [1, 1, 1]) as Triple;
  const [tx, ty, tz] = (node.translation ?? [0, 0, 0]) as Triple;
  return [
    (1 - 2 * (y * y + z * z)) * sx, 2 * (x * y + z * w) * sx, 2 * (x * z - y * w) * sx, 0,
    2 * (x * y - z * w) * sy, (1 - 2 * (x * x + z * z)) * sy, 2 * (y * z + x * w) * sy, 0,
    2 * (x * z + y * w) * sz, 2 * (y * z - x * w) * sz, (1 - 2 * (x * x + y * y)) * sz, 0,
    tx, ty, tz, 1,
  ];
}

function multiplied(a: Matrix, b: Matrix): Matrix {
  return a.map((_, k) => {
    const column = k - (k % 4);
    return [0, 1, 2, 3].reduce((sum, row) => sum + a[4 * row + (k % 4)]! * b[column + row]!, 0);
  });
}

function moved(points: Float32Array, m: Matrix): Float32Array {
  for (let k = 0; k < points.length; k += 3) {
    const [x, y, z] = [points[k]!, points[k + 1]!, points[k + 2]!];
    for (let row = 0; row < 3; row += 1) points[k + row] = m[row]! * x + m[4 + row]! * y + m[8 + row]! * z + m[12 + row]!;
  }
  return points;
}

function counted(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, k) => k);
}
