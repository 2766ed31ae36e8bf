"""A device with memory for few items. More items raise the errors of CUDA and cuBLAS."""


class SmallDevice:
    def __init__(self, room):
        self.room, self.held, self.too_many = room, [], []

    def decode(self, items):
        if len(items) > self.room:
            self.too_many.append(len(items))
            raise RuntimeError(
                "cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"
                if self.too_many[1:]
                else "CUDA failed with error out of memory"
            )
        self.held.append(len(items))
        return [item.upper() for item in items]
