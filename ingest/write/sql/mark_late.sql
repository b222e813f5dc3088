UPDATE command SET late = true WHERE command_id = %s AND NOT late
