/* SPDX-License-Identifier: MIT */
#include "net/engine/call_table.h"

#include "net/engine/call.h"
#include "net/engine/port.h"

enum hf_status hf_call_table_add_lease(struct hf_port *port,
                                       struct hf_call *call) {
  enum hf_status status;
  call->by_lease.hash = (uint64_t)call->lease_number;
  status = hf_table_add(&port->leases, &call->by_lease);
  call->found_by_lease = status == HF_OK;
  return status;
}

enum hf_status hf_call_table_add(struct hf_port *port, struct hf_call *call) {
  const struct hf_request *request = &call->unit.request;
  enum hf_status status;
  call->by_id.hash = hf_call_id(request->id_low, request->id_high);
  status = hf_table_add(&port->calls, &call->by_id);
  call->found_by_id = status == HF_OK;
  if (status == HF_OK && request->kind == HF_REQUEST_ACQUIRE) {
    status = hf_call_table_add_lease(port, call);
  }
  if (status != HF_OK) {
    hf_call_table_remove(port, call);
  }
  return status;
}

void hf_call_table_remove(struct hf_port *port, struct hf_call *call) {
  if (call->found_by_id) {
    hf_table_remove(&port->calls, &call->by_id);
    call->found_by_id = false;
  }
}

void hf_call_table_remove_lease(struct hf_port *port, struct hf_call *call) {
  if (call->found_by_lease) {
    hf_table_remove(&port->leases, &call->by_lease);
    call->found_by_lease = false;
  }
}

struct hf_call *hf_call_table_find(const struct hf_port *port,
                                   uint32_t id_low,
                                   uint32_t id_high) {
  struct hf_table_node *node =
      hf_table_first(&port->calls, hf_call_id(id_low, id_high));
  return node == NULL ? NULL : HF_CONTAINER_OF(node, struct hf_call, by_id);
}

struct hf_call *hf_call_table_find_lease(const struct hf_port *port,
                                         int32_t number) {
  struct hf_table_node *node = hf_table_first(&port->leases, (uint64_t)number);
  return node == NULL ? NULL : HF_CONTAINER_OF(node, struct hf_call, by_lease);
}
