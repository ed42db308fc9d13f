"""Files: ply, spz, sog, glb, exr, the world package; the only home of logs, logits and flipped axes."""
