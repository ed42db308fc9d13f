// What a program does with the generated client: make a world, look, list, export, delete. Prints what it found as one JSON object.
import { createClient, createConfig } from "./generated/client";
import {
  deleteWorldMarbleV1WorldsWorldIdDelete,
  exportWorldMarbleV1WorldsWorldIdExportPost,
  generateWorldMarbleV1WorldsGeneratePost,
  getCreditsMarbleV1CreditsGet,
  getMediaAssetMarbleV1MediaAssetsMediaAssetIdGet,
  getOperationMarbleV1OperationsOperationIdGet,
  getWorldMarbleV1WorldsWorldIdGet,
  listWorldsMarbleV1WorldsListPost,
  panoDepthToRgbMarbleV1PanoDepthToRgbPost,
  prepareMediaAssetUploadMarbleV1MediaAssetsPrepareUploadPost,
} from "./generated";
import type { World } from "./generated";

declare const process: { argv: string[]; exitCode?: number }; // all of Node that is needed here
const client = createClient(createConfig({ baseUrl: process.argv[2]!, auth: () => "any-word-will-do" }));

async function main(): Promise<void> {
  const started = await generateWorldMarbleV1WorldsGeneratePost({
    client,
    throwOnError: true,
    body: { world_prompt: { type: "text", text_prompt: "a ball by a lake" }, model: "quick", tags: ["typescript"], permission: { public: true } },
  });
  let operation = (await getOperationMarbleV1OperationsOperationIdGet({ client, throwOnError: true, path: started.data })).data;
  for (let looks = 0; !operation.done && looks < 300; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    operation = (await getOperationMarbleV1OperationsOperationIdGet({ client, throwOnError: true, path: started.data })).data;
  }
  const made = operation.response as World;
  const path = { world_id: made.world_id };
  const world = (await getWorldMarbleV1WorldsWorldIdGet({ client, throwOnError: true, path })).data;
  const listed = (await listWorldsMarbleV1WorldsListPost({ client, throwOnError: true, body: { tags: ["typescript"], status: "SUCCEEDED" } })).data;
  const exported = await exportWorldMarbleV1WorldsWorldIdExportPost({ client, throwOnError: true, path, body: { asset_type: "splats", format: "ply" } });
  const file = await fetch(exported.data.response!.url);
  const prepared = await prepareMediaAssetUploadMarbleV1MediaAssetsPrepareUploadPost({
    client,
    throwOnError: true,
    body: { file_name: "a.png", kind: "image" },
  });
  const put = await fetch(prepared.data.upload_info.upload_url, { method: "PUT", body: new Uint8Array([1, 2, 3]) });
  const asset = await getMediaAssetMarbleV1MediaAssetsMediaAssetIdGet({ client, throwOnError: true, path: prepared.data.media_asset });
  const painted = await panoDepthToRgbMarbleV1PanoDepthToRgbPost({
    client,
    throwOnError: true,
    body: { text_prompt: "a cabin", depth_pano_image: { source: "uri", uri: "https://example.org/depth.exr" } },
  });
  const credits = await getCreditsMarbleV1CreditsGet({ client, throwOnError: true });
  const deleted = await deleteWorldMarbleV1WorldsWorldIdDelete({ client, throwOnError: true, path });
  const gone = await getWorldMarbleV1WorldsWorldIdGet({ client, path });
  const found = {
    error: operation.error,
    same: JSON.stringify(world.world_prompt) === JSON.stringify(made.world_prompt) && world.world_marble_url === made.world_marble_url,
    levels: Object.keys(world.assets?.splats?.spz_urls ?? {}),
    listed: listed.worlds.map((one) => one.world_id === world.world_id),
    export_done: exported.data.done,
    ply: (await file.text()).startsWith("ply"),
    put: put.status,
    asset: asset.data.file_name,
    painted: painted.data.error?.message,
    credits: credits.data.remaining_credits,
    deleted: deleted.data.deleted,
    gone: gone.response?.status,
  };
  console.log(JSON.stringify(found));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
