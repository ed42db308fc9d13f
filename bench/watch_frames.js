/** Watches how any page draws with WebGL: when a picture with something in it first appears, and how long its frames take. */
(() => {
  const watch = (window.worldloomWatch = { firstPictureMs: null, frames: [] });
  const contexts = new Set();
  const getContext = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    const context = getContext.call(this, kind, ...rest);
    if (context && kind === 'webgl2' && !contexts.has(context)) {
      contexts.add(context);
      for (const name of ['drawElementsInstanced', 'drawArraysInstanced', 'drawElements', 'drawArrays']) {
        const draw = context[name].bind(context);
        context[name] = (...values) => {
          if (context.getParameter(context.DRAW_FRAMEBUFFER_BINDING) === null) context.drawsNow = true;
          draw(...values);
        };
      }
    }
    return context;
  };
  /** Whether the pixels round the middle differ: an empty canvas, or one plain colour, is no picture yet. */
  function hasPicture(context) {
    const side = 48;
    const pixels = new Uint8Array(side * side * 4);
    const { drawingBufferWidth: width, drawingBufferHeight: height } = context;
    const bound = context.getParameter(context.READ_FRAMEBUFFER_BINDING);
    context.bindFramebuffer(context.READ_FRAMEBUFFER, null);
    context.readPixels((width - side) >> 1, (height - side) >> 1, side, side, context.RGBA, context.UNSIGNED_BYTE, pixels);
    context.bindFramebuffer(context.READ_FRAMEBUFFER, bound);
    let [least, most] = [255, 0];
    for (let k = 0; k < pixels.length; k += 4) [least, most] = [Math.min(least, pixels[k + 1]), Math.max(most, pixels[k + 1])];
    return most - least > 24;
  }
  const request = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) =>
    request((now) => {
      const begun = performance.now();
      callback(now);
      for (const context of contexts) {
        if (!context.drawsNow || context.isContextLost()) continue;
        context.drawsNow = false;
        const seen = hasPicture(context); // reading a pixel waits until all of them are drawn
        const done = performance.now();
        if (seen && watch.firstPictureMs === null) watch.firstPictureMs = done;
        watch.frames.push([done, done - begun, context.drawingBufferWidth]);
      }
    });
})();
